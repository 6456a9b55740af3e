"""The activation of all layers, and what it asks of the signal."""

import math

from tfdogs.models.leaky_relu import leaky_relu

GAIN = math.sqrt(2.0)  # gives a normal signal its size back (He et al. 2015)

leaky = leaky_relu
