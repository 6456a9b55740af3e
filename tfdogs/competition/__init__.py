"""The Generative Dog Images competition: what it asked for, checked and scored."""
