"""Adversarial losses and regularizers."""

# Here, and not beside the losses, so that flags can be checked before TensorFlow is imported.
NAMES = ("hinge", "least_squares", "minimax", "non_saturating", "wasserstein")
