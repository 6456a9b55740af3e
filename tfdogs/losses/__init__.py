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
# Those whose slope at a fake's logit is never 0 for the discriminator, as simultaneous updates need.
SIMULTANEOUS = ("minimax", "non_saturating", "relativistic", "relativistic_average", "wasserstein")
# Those with a target for the reals, which one-sided label smoothing can move.
SMOOTHING = ("least_squares", "minimax", "non_saturating")
