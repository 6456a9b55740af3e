"""Regularizers that are due every so many steps: what their own optimizer steps ask of the optimizer."""


def intervals(regularizers):
    """Returns the intervals of the lazy ones among regularizers of one network, each once, in order."""
    return sorted({regularizer.interval for regularizer in regularizers if regularizer.interval > 1})


def ratio(regularizers, network):
    """Returns what keeps an optimizer's pace where lazy regularizers take steps beside the loss's.

    With one interval k it is k / (k + 1): the learning rate is multiplied by it and the betas are raised to
    its power, so that a period of k steps of the loss and one of the penalty moves as far, and forgets as
    much, as k steps would (Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN",
    appendix B). It is 1 where none is lazy.

        c = lazy.ratio(gan.regularizers, "discriminator")
        gan.compile(d_optimizer=keras.optimizers.Adam(c * 2e-3, beta_1=0.0, beta_2=0.99**c), ...)

    Args:
        regularizers: `Regularizer`s of both networks.
        network: which network's count, "discriminator" or "generator".
    """
    own = [regularizer for regularizer in regularizers if regularizer.network == network]
    return 1 / (1 + sum(1 / interval for interval in intervals(own)))
