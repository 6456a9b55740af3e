"""Generators, discriminators and the GAN that trains them."""
