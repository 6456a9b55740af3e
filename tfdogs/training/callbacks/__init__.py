"""Keras callbacks that count images, for `tfdogs.train` and for anybody's `fit`."""
