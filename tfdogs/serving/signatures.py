"""What an export answers to: everything from seed to PNG inside the graph."""

import json
import math

import tensorflow as tf

from tfdogs.data import pixels
from tfdogs.models import latents
from tfdogs.sampling.sampler import chunk_size
from tfdogs.serving import picture_bytes
from tfdogs.serving.generator_function import psi
from tfdogs.serving.row_checks import admit, max_rows

NAMES = ("serving_default", "images", "from_latents", "interpolate", "discriminate", "card")
MAX_TRUNCATION = 1000.0


class Signatures(tf.Module):
    """The signatures of an export, for `tf.saved_model.save`.

    All inputs and outputs of a signature have one first dimension N, from 0 to
    `tfdogs.serving.row_checks.max_rows`. Networks always run on `chunk_size` rows, the last ones padded: a
    row's result is the same, byte for byte on one machine, in whatever request it came. A row that breaks a
    rule fails the request with InvalidArgument, an error that names the rule, the row and what was received.

        serving_default  seed, truncation, label -> image_bytes, label
        images           seed, truncation, label -> images, label
        from_latents     z, truncation, label -> image_bytes, label
        interpolate      seed_from, seed_to, fraction, truncation, label_from, label_to -> image_bytes, label
        discriminate     image_bytes, label -> probability
        card             field -> value

        seed, seed_from, seed_to    int64 [N]
        truncation                  float32 [N]: 0 for none, or in (0, 1000]; see
                                    `tfdogs.models.latents.from_seeds`. For a generator that truncates styles
                                    it is psi, see `StyleGAN2Generator`; beside z for such a one only
        label, label_from, label_to int32 [N], of a conditional model only: in [0, classes), or, beside a
                                    seed, -1 for the seed modulo the classes, as in `Sampler`. A walk has the
                                    nearer end's; what was drawn is returned.
        z                           float32 [N, latent_dim], finite
        fraction                    float32 [N] in [0, 1]: 0 is seed_from's latent, 1 seed_to's
        image_bytes                 string [N]: PNG files; `discriminate` reads any JPEG and PNG, see
                                    `tfdogs.serving.picture_bytes.read`
        images                      uint8 [N, H, W, C]
        probability                 float32 [N], of being real; where the loss has no probability the output
                                    is `score` instead, float32 [N], higher for more real
        field, value                string [N]: a key of `card`, and its value as JSON

    Args:
        gan: `tfdogs.GAN`, whose sampler's generator draws; it is read, not changed.
        card: dict of what `card` answers, each value of a kind that JSON knows.

    Attributes:
        functions: the signatures, dict of name to ConcreteFunction.
    """

    def __init__(self, gan, card):
        super().__init__(name="tfdogs")
        graphs = _Graphs(gan, card)
        functions = {
            name: tf.function(getattr(graphs, name)).get_concrete_function(
                **{key: tf.TensorSpec([None, *shape], dtype, key) for key, (shape, dtype) in specs.items()}
            )
            for name, specs in graphs.inputs().items()
        }
        # The variables alone are tracked: with the networks Keras would save a graph of every layer.
        variables = [variable for function in functions.values() for variable in function.graph.variables]
        self.weights = list({id(variable): variable for variable in variables}.values())
        self.functions = functions


class _Graphs:
    """The signatures' Python, a method each, traced once; see `Signatures` for what they take and return."""

    def __init__(self, gan, card):
        self._generator, self._styles = gan.sampler.generator, gan.sampler.truncates_styles
        self._network = tf.function(self._images)  # traced once, not in each of the signatures that draw
        self._discriminator = gan.discriminator
        self._probability = gan.loss_function.probability
        self._kind, self._latent_dim = gan.latent, gan.latent_dim
        self._image_shape, self._classes = gan.image_shape, gan.num_classes
        self._chunk = chunk_size(gan.image_shape)
        self._card = {name: json.dumps(value, allow_nan=False) for name, value in card.items()}
        label = f"in [0, {self._classes})"
        self._rules = {
            "truncation": (
                f"0 (none) or in (0, {MAX_TRUNCATION:g}]",
                lambda x: (x >= 0) & (x <= MAX_TRUNCATION),
            ),
            "fraction": ("in [0, 1]", lambda x: (x >= 0) & (x <= 1)),
            "z": ("finite", tf.math.is_finite),
            "label": (label, lambda x: (x >= 0) & (x < self._classes)),
        }
        drawn = (f"-1 (the seed decides) or {label}", lambda x: (x >= -1) & (x < self._classes))
        self._rules_of_seeds = {**self._rules, "label": drawn, "label_from": drawn, "label_to": drawn}

    def inputs(self):
        """Returns signature name -> input name -> (shape of a row, dtype)."""
        number, text = ((), tf.float32), ((), tf.string)
        label = {"label": ((), tf.int32)} if self._classes else {}
        seeds = {"seed": ((), tf.int64), "truncation": number, **label}
        return {
            "serving_default": seeds,
            "images": seeds,
            "from_latents": {
                "z": ((self._latent_dim,), tf.float32),
                **({"truncation": number} if self._styles else {}),
                **label,
            },
            "interpolate": {
                "seed_from": ((), tf.int64),
                "seed_to": ((), tf.int64),
                "fraction": number,
                "truncation": number,
                **{f"label_{end}": row for row in label.values() for end in ("from", "to")},
            },
            "discriminate": {"image_bytes": text, **label},
            "card": {"field": text},
        }

    def serving_default(self, **inputs):
        """Returns PNG files of seeds' images, and their labels."""
        return self._from_seeds(inputs, "image_bytes")

    def images(self, **inputs):
        """Returns seeds' images, and their labels."""
        return self._from_seeds(inputs, "images")

    def from_latents(self, **inputs):
        """Returns PNG files of latents' images, and their labels."""
        inputs = self._admit(inputs, self._rules)
        return self._draw(lambda z: z, [inputs["z"]], inputs, inputs.get("label"), "image_bytes")

    def interpolate(self, **inputs):
        """Returns PNG files of images on the way from seed to seed, and their labels."""
        inputs = self._admit(inputs, self._rules_of_seeds)
        fraction, bound = inputs["fraction"], self._bound(inputs["truncation"])
        label = None
        if self._classes:
            ends = (self._label(inputs[f"seed_{e}"], inputs[f"label_{e}"]) for e in ("from", "to"))
            label = tf.where(fraction < 0.5, *ends)

        def on_the_way(seed_from, seed_to, fraction, bound):
            ends = (self._latents(seed, bound) for seed in (seed_from, seed_to))
            return latents.between(self._kind, *ends, fraction)

        rows = [inputs["seed_from"], inputs["seed_to"], fraction, bound]
        return self._draw(on_the_way, rows, inputs, label, "image_bytes")

    def discriminate(self, **inputs):
        """Returns what the discriminator makes of pictures: probabilities or scores."""
        inputs = self._admit(inputs, self._rules)
        images = picture_bytes.read(inputs["image_bytes"], self._image_shape)
        labels = [inputs["label"]] if self._classes else []

        def judge(live, images, *labels):
            images = pixels.to_float(images)
            logits = self._discriminator((images, *labels) if labels else images, training=False)
            verdict = self._probability or tf.identity
            return verdict(tf.cast(logits, tf.float32))[:, 0]

        name = "score" if self._probability is None else "probability"
        return {name: _by_chunks(judge, [images, *labels], tf.TensorSpec([self._chunk], tf.float32))}

    def card(self, **inputs):
        """Returns the card's fields as JSON."""
        names, values = (tf.constant(list(x), tf.string) for x in (self._card, self._card.values()))

        def place(field):
            return field[:, None] == names[None, :]

        rule = (f"one of {', '.join(self._card)}", lambda field: tf.reduce_any(place(field), 1))
        field = self._admit(inputs, {"field": rule})["field"]
        return {"value": tf.gather(values, tf.argmax(tf.cast(place(field), tf.int32), 1))}

    def _admit(self, inputs, rules):
        known = {name: rule for name, rule in rules.items() if name in inputs}
        return admit(inputs, known, most=max_rows(self._image_shape))

    def _from_seeds(self, inputs, output):
        inputs = self._admit(inputs, self._rules_of_seeds)
        label = self._label(inputs["seed"], inputs["label"]) if self._classes else None
        rows = [inputs["seed"], self._bound(inputs["truncation"])]
        return self._draw(self._latents, rows, inputs, label, output)

    def _latents(self, seeds, bound):
        return latents.from_seeds(self._kind, seeds, self._latent_dim, bound)

    def _label(self, seeds, label):
        """Returns labels, int32 [N], the seeds' own where `label` is -1."""
        own = tf.cast(tf.math.floormod(seeds, self._classes), tf.int32)
        return tf.where(label < 0, own, label)

    def _bound(self, truncation):
        """Returns truncations as `from_seeds` takes them; those of styles leave the latents alone."""
        # A bound at infinity changes no bit.
        return tf.where((truncation == 0) | self._styles, math.inf, truncation)

    def _images(self, z, *rest):
        """Returns uint8 images of latents, then labels and psi where the generator takes such."""
        inputs = (z, rest[0]) if self._classes else z
        style = {"truncation": rest[-1]} if self._styles else {}
        return pixels.to_uint8(self._generator(inputs, training=False, **style))

    def _draw(self, to_latents, rows, inputs, label, output):
        """Draws `output`, "image_bytes" or "images", at the latents that `to_latents` makes of `rows`.

        `inputs` are the signature's, of which a generator that truncates styles takes the truncation.
        """
        count, labels = len(rows), [] if label is None else [label]
        styles = [psi(inputs["truncation"])] if self._styles else []
        encoded = output == "image_bytes"

        def draw(live, *rows):
            images = self._network(to_latents(*rows[:count]), *rows[count:])
            return _encode(images, live) if encoded else images

        spec = (
            tf.TensorSpec([self._chunk], tf.string)
            if encoded
            else tf.TensorSpec([self._chunk, *self._image_shape], tf.uint8)
        )
        result = {output: _by_chunks(draw, [*rows, *labels, *styles], spec)}
        return result if label is None else {**result, "label": label}


def _by_chunks(function, rows, spec):
    """Calls a function on a chunk of rows at a time; what the last rows lack is filled with zeros.

    Args:
        function: (live, *chunks) -> one tensor, where `live`, an int32 scalar, is the number of rows that are
            not filling, and the chunks are [size, ...].
        rows: tensors [N, ...].
        spec: TensorSpec of what `function` returns, [size, ...].

    Returns:
        Tensor [N, ...].
    """
    count = tf.shape(rows[0])[0]
    size = spec.shape[0]
    chunks = (count + size - 1) // size
    parts = []
    for tensor in rows:
        margins = [[0, chunks * size - count]] + [[0, 0]] * (tensor.shape.rank - 1)
        parts.append(tf.reshape(tf.pad(tensor, margins), [-1, size, *tensor.shape[1:]]))
    live = tf.minimum(count - size * tf.range(chunks), size)
    # One at a time: the networks use all cores, and so memory does not grow with the rows.
    result = tf.map_fn(
        lambda chunk: function(*chunk), (live, *parts), fn_output_signature=spec, parallel_iterations=1
    )
    return tf.reshape(result, [-1, *spec.shape[1:]])[:count]


def _encode(images, live):
    """Returns the first `live` of uint8 `images` [N, H, W, C] as PNG files, string [N]."""
    # zlib's first level: the usual one saves 8 % of the bytes and takes three times as long.
    files = tf.io.encode_png(images[:live], compression=1)
    return tf.ensure_shape(tf.concat([files, tf.fill([len(images) - live], "")], 0), [len(images)])
