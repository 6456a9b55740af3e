"""The flags of `python -m tfdogs.train`, by what they are about."""
