"""What our generators and discriminators share: inputs, conditioning, configuration."""

import keras
from keras import layers

from tfdogs.models import convnets, decoders
from tfdogs.models.attention import SelfAttention
from tfdogs.models.named_weights import Part, numbered
from tfdogs.models.skip_excitation import SkipExcitation

CONDITION = "condition"  # name of the layer of a generator's body that `skip_excitation.chain` calls so


class _Network(keras.Model):
    """A model with an image shape, optional classes, and a `body` of layers that runs under one policy."""

    def __init__(self, image_size, channels, *, num_classes, dtype, name):
        super().__init__(name=name, dtype=dtype)
        self.image_size = image_size
        self.channels = channels
        self.num_classes = num_classes
        self.policy = dtype

    @property
    def image_shape(self):
        """(height, width, channels)."""
        return (self.image_size, self.image_size, self.channels)

    def get_build_config(self):
        """Returns what `build_from_config` needs: nothing, but Keras leaves out what is empty."""
        return {"image_shape": self.image_shape}

    def build_from_config(self, config):
        """Creates the weights, so that saved ones find their place."""
        self.build()

    def get_config(self):
        policy = self.policy
        return {
            "image_size": self.image_size,
            "channels": self.channels,
            "num_classes": self.num_classes,
            "dtype": policy if policy is None or isinstance(policy, str) else policy.name,
            "name": self.name,
        }


class Generator(_Network):
    """Latents, and labels where it is conditional, to images.

    A subclass gives `self.body`: a `keras.Sequential` from [N, input_dim] to float32 [N, H, W, C] in
    [-1, 1]. Labels enter as an embedding of `latent_dim` numbers appended to the latent.

    Args:
        image_size: height and width of the images, in pixels.
        channels: 1 or 3.
        latent_dim: length of a latent.
        num_classes: number of classes; 0 for an unconditional generator.
        dtype: policy of the layers, such as "mixed_bfloat16"; the images are float32 in any case.
        name: name of the model.
    """

    def __init__(self, image_size, channels, latent_dim, *, num_classes=0, dtype=None, name=None):
        super().__init__(image_size, channels, num_classes=num_classes, dtype=dtype, name=name)
        self.latent_dim = latent_dim
        self.embedding = None
        if num_classes:
            # Length 1, as a one-hot label. As long as the latent it would drown it: a few pictures a class,
            # over and over. At Keras' own +-0.05 it would hardly be seen.
            unit_length = keras.initializers.RandomNormal(stddev=latent_dim**-0.5)
            self.embedding = layers.Embedding(
                num_classes, latent_dim, embeddings_initializer=unit_length, name="embedding"
            )

    @property
    def input_dim(self):
        """Length of what the body reads: the latent, and the label's embedding."""
        return self.latent_dim * (2 if self.num_classes else 1)

    def build(self, input_shape=None):
        """Creates the weights; the shapes follow from the constructor's arguments."""
        if self.embedding is not None:
            self.embedding.build((None,))
        self.body.build((None, self.input_dim))
        self.built = True

    def call(self, inputs, training=None):
        """Draws images.

        Args:
            inputs: latents, float32 [N, latent_dim]; for a conditional generator (latents, labels) with
                labels int [N].
            training: True where BatchNorm uses the batch's own statistics.

        Returns:
            float32 [N, image_size, image_size, channels] in [-1, 1].
        """
        if self.embedding is not None:
            latents, labels = inputs
            inputs = keras.layers.concatenate([latents, self.embedding(labels)])
        return self.body(inputs, training=training)

    def compute_output_shape(self, input_shape):
        first = input_shape[0] if self.num_classes else input_shape
        return (first[0], *self.image_shape)

    def parts(self):
        """Returns what it is made of, each a `Part`; layers are counted from the latent, level by level.

        Gates and what makes a condition are not counted, so that layers have the same names without them.
        """
        gates = [layer for layer in self.body.layers if isinstance(layer, SkipExcitation)]
        conditions = [layer for layer in self.body.layers if layer.name == CONDITION]
        beside = [*gates, *conditions]
        *inner, last = [layer for layer in self.body.layers if layer.weights and layer not in beside]
        inputs = numbered("latent", self.latent_dim)
        if self.num_classes:
            inputs += numbered("embedding", self.latent_dim)
        first = [{"kernel": (0, inputs)}, *({} for _ in inner)]
        return [
            *class_table("embedding", self.embedding, self.num_classes),
            *(Part(f"layer{i + 1}", layer, rows=first[i]) for i, layer in enumerate(inner)),
            *(Part(f"gate{gate.joins}", gate) for gate in gates),
            *(Part(CONDITION, layer, rows={"kernel": (0, inputs)}) for layer in conditions),
            Part("to_image", last, at_image=True),
        ]

    def get_config(self):
        return {**super().get_config(), "latent_dim": self.latent_dim}


class Discriminator(_Network):
    """Images, and labels where it is conditional, to one logit an image.

    A subclass gives `self.body`: a `keras.Sequential` from images to features [N, F]. A conditional one
    adds the product of the features with an embedding of the label (Miyato and Koyama 2018, "cGANs with
    Projection Discriminator", equation 3). With `add_decoders` it can draw what it has seen, for
    `tfdogs.Reconstruction`.

    Args:
        image_size: height and width of the images, in pixels.
        channels: 1 or 3.
        num_classes: number of classes; 0 for an unconditional discriminator.
        freeze: how many of its `stages`, counted from the image, do not learn (Mo et al. 2020, "Freeze the
            Discriminator: a Simple Baseline for Fine-Tuning GANs"); default 0.
        dtype: policy of the layers; the logits are float32 in any case.
        name: name of the model.

    Raises:
        ValueError: when it is built, `freeze` is negative or over the number of stages.
    """

    def __init__(self, image_size, channels, *, num_classes=0, freeze=0, dtype=None, name=None):
        super().__init__(image_size, channels, num_classes=num_classes, dtype=dtype, name=name)
        self.freeze = freeze
        self.head = layers.Dense(1, kernel_initializer=convnets.initializer(), dtype="float32", name="logit")
        self.projection = None
        # Here and not in the class's body: Keras does not track what replaces an attribute of the class.
        self.encoder = self.decoders = None

    def add_decoders(self, base_channels):
        """Adds the decoders of `tfdogs.models.decoders`; for constructors, once there is a body.

        Args:
            base_channels: see `tfdogs.models.decoders.make_decoders`.

        Raises:
            ValueError: the body has no feature maps for it.
        """
        maps = decoders.tapped_maps(self.body)
        self.encoder = keras.Model(self.body.inputs, [*maps, self.body.outputs[0]], name="encoder")
        self.decoders = decoders.make_decoders(maps, self.image_shape, base_channels, self.policy)

    @property
    def reconstructs(self):
        """Whether it has decoders."""
        return self.decoders is not None

    def build(self, input_shape=None):
        """Creates the weights; the shapes follow from the constructor's arguments."""
        self.body.build((None, *self.image_shape))
        features = self.body.output_shape[-1]
        self.head.build((None, features))
        if self.num_classes:
            self.projection = layers.Embedding(
                self.num_classes, features, embeddings_initializer="zeros", dtype="float32", name="projection"
            )
            self.projection.build((None,))
        self.freeze_stages(self.freeze)
        self.built = True

    def call(self, inputs, training=None):
        """Judges images.

        Args:
            inputs: images, float32 [N, H, W, C] in [-1, 1]; for a conditional discriminator
                (images, labels) with labels int [N].
            training: True where BatchNorm uses the batch's own statistics.

        Returns:
            float32 logits [N, 1]: over 0 means rather real.
        """
        images, labels = inputs if self.num_classes else (inputs, None)
        return self._logits(self.body(images, training=training), labels)

    def judge_and_encode(self, inputs, training=None):
        """Judges images as `call` does and returns (logits, the feature maps that `reconstruct` takes)."""
        images, labels = inputs if self.num_classes else (inputs, None)
        *maps, features = self.encoder(images, training=training)
        return self._logits(features, labels), maps

    def reconstruct(self, maps, images, noise):
        """Draws the images out of their feature maps, see `tfdogs.models.decoders.reconstruct`."""
        return decoders.reconstruct(self.decoders, maps, images, noise)

    def _logits(self, features, labels):
        features = keras.backend.cast(features, "float32")
        logits = self.head(features)
        if labels is not None:
            logits += keras.backend.sum(features * self.projection(labels), axis=1, keepdims=True)
        return logits

    def compute_output_shape(self, input_shape):
        first = input_shape[0] if self.num_classes else input_shape
        return (first[0], 1)

    # A method: Keras' saver goes into every property that is a list of layers, and would give the weights of
    # `body` another place in the file.
    def trunk(self):
        """Returns the layers with weights from the image to the features, in this order."""
        return [layer for layer in self.body.layers if layer.weights]

    def stages(self):
        """Returns the trunk in stages, lists of layers, the image's first.

        A stage is a layer or a block with a kernel; normalization, self-attention and statistics belong to
        the stage before them. What makes a logit of the features is in none.
        """
        stages = []
        for layer in self.trunk():
            kernels = any(len(weight.shape) > 1 for weight in layer.weights)
            if kernels and not isinstance(layer, SelfAttention):
                stages.append([layer])
            else:
                stages[-1].append(layer)
        return stages

    def freeze_stages(self, count):
        """Lets the first `count` stages learn no more, BatchNorm's statistics included.

        To be called before the optimizer is built. It cannot be undone.

        Raises:
            ValueError: `count` is negative or over the number of stages.
        """
        stages = self.stages()
        if not 0 <= count <= len(stages):
            raise ValueError(
                f"freeze must be 0 to {len(stages)}, the number of the discriminator's layers at "
                f"{self.image_size} px. Received: freeze={count}"
            )
        self.freeze = count
        for layer in (layer for stage in stages[:count] for layer in stage):
            layer.trainable = False

    def parts(self):
        """Returns what it is made of, each a `Part`; layers are counted from the logit back to the image."""
        first, *inner = self.trunk()
        return [
            Part("from_image", first, at_image=True),
            *(Part(f"layer{len(inner) - i}", layer) for i, layer in enumerate(inner)),
            *self._decoder_parts(),
            *self._head_parts(),
        ]

    def _decoder_parts(self):
        if not self.reconstructs:
            return []
        # By the side of what it draws too: one that draws more has more layers, and is another one.
        return [
            Part(f"decoder{feature_map.shape[1]}to{decoder.output_shape[1]}", decoder, at_image=True)
            for feature_map, decoder in zip(self.encoder.outputs, self.decoders)
        ]

    def _head_parts(self):
        return [Part("logit", self.head), *class_table("projection", self.projection, self.num_classes)]

    def get_config(self):
        return {**super().get_config(), "freeze": self.freeze}


def class_table(name, embedding, num_classes):
    """Returns the `Part` of an embedding of classes in a list; an empty one where `embedding` is None."""
    rows = {"embeddings": (0, numbered("class", num_classes))}
    return [] if embedding is None else [Part(name, embedding, rows=rows)]
