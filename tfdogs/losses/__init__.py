"""Adversarial losses and regularizers."""

# Here, and not beside the losses, so that flags can be checked before TensorFlow is imported.
NAMES = (
    "hinge",
    "least_squares",
    "minimax",
    "non_saturating",
    "relativistic",
    "relativistic_average",
    "relativistic_average_hinge",
    "relativistic_average_least_squares",
    "wasserstein",
)
# Those with a target for the reals, which one-sided label smoothing can move.
SMOOTHING = ("least_squares", "minimax", "non_saturating")
