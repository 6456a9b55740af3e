"""Images out of a trained generator."""
