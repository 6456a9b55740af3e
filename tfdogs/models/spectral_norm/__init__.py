"""Spectral normalization by reparametrization, whose gradient is the true one."""

from tfdogs.models.spectral_norm.conv import SNConv2D
from tfdogs.models.spectral_norm.dense import SNDense
from tfdogs.models.spectral_norm.embedding import SNEmbedding
from tfdogs.models.spectral_norm.initializer import fresh

__all__ = ["SNConv2D", "SNDense", "SNEmbedding", "fresh"]
