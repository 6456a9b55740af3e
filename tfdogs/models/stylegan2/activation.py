"""What the layers' LeakyReLU asks of the signal."""

import math

GAIN = math.sqrt(2.0)  # gives a normal signal its size back (He et al. 2015)
