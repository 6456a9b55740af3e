"""Generators, discriminators and the GAN that trains them."""

from tfdogs.models.registry import NAMES, build

__all__ = ["NAMES", "build"]
