"""How many floating-point operations a training step of two convolutional networks needs."""


def layer_macs(network):
    """Returns the multiply-adds of a forward pass over one image, a list with one entry a weighted layer.

    Only the products are counted: convolutions, transposed convolutions and dense layers; padding counts as
    if it were image. Normalization, activations and the optimizer, about 1% of a DCGAN's step, are not.

    Args:
        network: a `tfdogs` generator or discriminator.
    """
    counts = []
    for layer in [*network.body.layers, getattr(network, "head", None)]:
        kind = type(layer).__name__
        if kind == "Dense":
            counts.append(layer.kernel.shape.num_elements())
        elif kind in ("Conv2D", "Conv2DTranspose"):
            # A kernel is laid over every pixel of the smaller side: a transposed one's input.
            shape = layer.output_shape if kind == "Conv2D" else layer.input_shape
            counts.append(shape[1] * shape[2] * layer.kernel.shape.num_elements())
    return counts


def step_flops(generator, discriminator):
    """Returns the operations that one training step needs for one image of its batch.

    A layer's product is needed once forward, once for the gradient of its weights and once for the gradient
    of its input, each the same size; two operations make a multiply-add.

        G:  forward 1, weights 1, input 1, of which the first layer's input needs none
        D:  forward 3 (reals, fakes, the fakes again for G), weights 2 (reals, fakes),
            input 3, of which the images need one only: the fakes', which G learns from

    Args:
        generator: the step's G, called once.
        discriminator: its D, trained on reals and fakes, then judging the fakes again.
    """
    g, d = layer_macs(generator), layer_macs(discriminator)
    return 2 * (3 * sum(g) - g[0] + 8 * sum(d) - 2 * d[0])
