"""ML Metadata: what ran, on what, and what came of it."""
