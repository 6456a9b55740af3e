"""The generator."""

import keras
import tensorflow as tf

from tfdogs.models import convnets
from tfdogs.models.base import Generator, class_table
from tfdogs.models.named_weights import Part, numbered
from tfdogs.models.stylegan2.mapping import MappingNetwork
from tfdogs.models.stylegan2.synthesis import SynthesisNetwork
from tfdogs.models.stylegan2.widths import widths

_MEAN_DECAY = 0.998  # a step, as in the authors' code
_MIX_LATENTS, _MIX_PLACES, _LAYERS = range(3)  # uses of a step's noise


@keras.saving.register_keras_serializable("tfdogs")
class StyleGAN2Generator(Generator):
    """Latents to styles by a mapping network, styles to images by modulated convolutions.

    Karras et al. 2020, with skip connections and no progressive growing. Where the paper leaves the images'
    range open they end in tanh here. Sizes that are not 4, 5, 6 or 7 times a power of two are drawn a little
    larger and cropped.

    In training each image takes a second latent's styles from a random layer on with probability
    `style_mixing`, and noise is added behind every convolution. The second latent is from N(0, 1).

    Args:
        image_size: 8 or more, in pixels; default 64.
        channels: 1 or 3; default 3.
        latent_dim: length of a latent; default 128.
        num_classes, dtype, name: see `Generator`. The mapping network and the images are float32.
        base_channels: channels at the image; doubled with every halving, up to 8x, over 128 px to 512 in all
            (`widths`); default 32.
        w_dim: length of a w, and width of the mapping network; default: `latent_dim`.
        mapping_layers: default 8.
        mapping_lr: the mapping network's learning rate in proportion to the others'; default 0.01.
        style_mixing: probability, in [0, 1]; default 0.9.

    Attributes:
        num_ws: how many w an image takes, coarse ones first.
        w_dim: length of a w.
        w_mean: the w of the latents seen in training, averaged, float32 [w_dim].

    Raises:
        ValueError: a probability out of range, or `mapping_layers` under 1.
    """

    takes_noise = True
    truncates_styles = True

    def __init__(
        self,
        image_size=64,
        channels=3,
        latent_dim=128,
        *,
        base_channels=32,
        w_dim=None,
        mapping_layers=8,
        mapping_lr=0.01,
        style_mixing=0.9,
        num_classes=0,
        dtype=None,
        name=None,
    ):
        super().__init__(image_size, channels, latent_dim, dtype=dtype, name=name)
        if not 0 <= style_mixing <= 1 or mapping_layers < 1:
            raise ValueError(
                "style_mixing must be in [0, 1] and mapping_layers 1 or more. "
                f"Received: style_mixing={style_mixing}, mapping_layers={mapping_layers}"
            )
        self._autocast = False  # the mapping network reads its latents in float32
        self.num_classes = num_classes
        self.base_channels = base_channels
        self.w_dim = w_dim or latent_dim
        self.mapping_layers = mapping_layers
        self.mapping_lr = mapping_lr
        self.style_mixing = style_mixing
        self.mapping = MappingNetwork(
            self.w_dim, depth=mapping_layers, lr_multiplier=mapping_lr, num_classes=num_classes
        )
        start, coarse_first = convnets.start_size(image_size), widths(image_size, base_channels)[::-1]
        self.synthesis = SynthesisNetwork(start, coarse_first, channels, dtype=dtype)

    @property
    def num_ws(self):
        """How many w an image takes."""
        return self.synthesis.num_ws

    def build(self, input_shape=None):
        """Creates the weights; the shapes follow from the constructor's arguments."""
        self.mapping.build((None, self.latent_dim))
        self.synthesis.build(self.w_dim)
        self.w_mean = self.add_weight(
            "w_mean",
            (self.w_dim,),
            dtype="float32",
            initializer="zeros",
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.MEAN,
            experimental_autocast=False,
        )
        self.built = True

    def call(self, inputs, training=None, noise=None, truncation=None):
        """Draws images.

        Args:
            inputs: latents, float32 [N, latent_dim]; for a conditional generator (latents, labels) with
                labels int [N].
            training: True to average the w into `w_mean`.
            noise: `tfdogs.models.noise.Noise` of a training step, for style mixing and the layers' noise;
                without it the images are a function of the inputs.
            truncation: float32 [N] or scalar, psi of `truncate`; None for none.

        Returns:
            float32 [N, image_size, image_size, channels] in [-1, 1].
        """
        latents, labels = inputs if self.num_classes else (inputs, None)
        w = self.to_w(latents, labels)
        if training:
            self._average(w)
        if truncation is not None:
            w = self.truncate(w, truncation)
        ws = tf.repeat(w[:, None], self.num_ws, 1)
        if noise is not None and self.style_mixing:
            ws = self._mix(ws, labels, noise)
        return self.from_w(ws, noise=noise)

    def to_w(self, latents, labels=None):
        """Maps latents, float32 [N, latent_dim], and labels, int [N], to w, float32 [N, w_dim]."""
        return self.mapping(latents, labels=labels)

    def truncate(self, w, psi):
        """Returns w_mean + psi * (w - w_mean) (Karras et al. 2019, StyleGAN, appendix B).

        Args:
            w: float32 [N, w_dim].
            psi: float32 [N] or scalar; 1 changes no bit.
        """
        return w + (tf.reshape(tf.cast(psi, tf.float32), [-1, 1]) - 1.0) * (w - self.w_mean)

    def from_w(self, ws, noise=None):
        """Draws images of w.

        Args:
            ws: float32 [N, num_ws, w_dim], coarse layers first.
            noise: `tfdogs.models.noise.Noise`, or None for the layers' own.

        Returns:
            float32 [N, image_size, image_size, channels] in [-1, 1].
        """
        images = self.synthesis(ws, noise=None if noise is None else noise.fold(_LAYERS))
        extra = images.shape[1] - self.image_size
        if extra:
            first, last = extra // 2, extra // 2 + self.image_size
            images = images[:, first:last, first:last]
        return tf.tanh(images)

    def parts(self):
        """Returns what it is made of, each a `Part`; convolutions are counted from the constant."""
        mapping, synthesis = self.mapping, self.synthesis
        inputs = numbered("latent", self.latent_dim)
        if self.num_classes:
            inputs += numbered("embedding", self.latent_dim)
        rows = [{"kernel": (0, inputs)}, *({} for _ in mapping.stack)]
        return [
            *class_table("embedding", mapping.embedding, self.num_classes),
            *(Part(f"mapping{i + 1}", layer, rows=rows[i]) for i, layer in enumerate(mapping.stack)),
            Part("w_mean", self.w_mean),
            Part("constant", synthesis.constant),
            *(Part(f"conv{i + 1}", layer) for i, layer in enumerate(synthesis.convs)),
            *(Part(f"to_rgb{i + 1}", layer) for i, layer in enumerate(synthesis.to_rgb)),
        ]

    def get_config(self):
        own = ("base_channels", "w_dim", "mapping_layers", "mapping_lr", "style_mixing")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def _average(self, w):
        step = tf.reduce_mean(tf.stop_gradient(w), 0) - self.w_mean
        self.w_mean.assign_add((1.0 - _MEAN_DECAY) * step)

    def _mix(self, ws, labels, noise):
        """Returns ws with a second latent's w from a random layer on, in some of the images."""
        count = tf.shape(ws)[0]
        latents = noise.fold(_MIX_LATENTS).normal([count, self.latent_dim])
        other = self.to_w(latents, labels)[:, None]
        # One number decides both: under `style_mixing` it is the place, over it there is none.
        u = noise.fold(_MIX_PLACES).uniform([count, 1])
        place = 1.0 + tf.floor(u / self.style_mixing * (self.num_ws - 1))
        keeps = tf.range(self.num_ws, dtype=tf.float32)[None] < place
        return tf.where(keeps[..., None], ws, other)
