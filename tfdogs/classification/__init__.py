"""A study: what a classifier learns from generated images, beside what it learns from real ones."""
