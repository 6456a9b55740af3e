"""The networks that are in an export, read back from its SavedModel."""

import json

import keras
import numpy as np
import tensorflow as tf

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.models.named_weights import named_weights
from tfdogs.sampling.sampler import Sampler

_FIELDS = ("image_shape", "latent", "latent_dim", "classes", "kimg", "discriminator")
_WIDER = (1, 2, 4, 8)  # how many times as wide as here the networks there may be, which the card does not say
_SEED = 1


class Exported:
    """An export's generator, which is the averaged one, and its discriminator.

    An export holds variables without a structure. They are found in the order in which its graphs use them,
    by tracing networks of the architecture that is asked for, with gates and without; what the export draws
    and judges is then compared with what these networks do.

    Args:
        folder: Path of an export's version.
        gan: `tfdogs.GAN` whose architecture it is to be of.

    Attributes:
        card: dict of what its `card` signature says.
        classes: class names, by label; their numbers where it has no names.
        num_classes: number of classes; 0 for unconditional networks.
        generator: (network, its `named_weights` out of the export).
        discriminator: the same; a classifier of classes is never in an export.

    Raises:
        TfdogsError: it cannot be read.
        UsageError: it is no export, or of another architecture.
    """

    def __init__(self, folder, gan):
        try:
            self._loaded = tf.saved_model.load(str(folder))  # its variables go away with it
            self._signatures = self._loaded.signatures
            answer = self._signatures["card"](field=tf.constant(_FIELDS))["value"].numpy()
        except KeyError as e:
            raise UsageError(f"{folder} is no export of tfdogs.export: it has no signature {e}") from e
        except (OSError, ValueError, tf.errors.OpError) as e:
            raise TfdogsError(f"{folder} cannot be read: {' '.join(str(e).split())[:200]}") from e
        self.card = dict(zip(_FIELDS, (json.loads(value) for value in answer)))
        self.classes = tuple(self.card["classes"])
        self.num_classes = len(self.classes)
        self.generator = self._find("generator", gan.generator, "images", self._draws_alike)
        self.discriminator = self._find(
            "discriminator", gan.discriminator, "discriminate", self._judges_alike
        )

    def _find(self, name, network, signature, alike):
        there = _captured(self._signatures[signature])
        shapes = [tuple(variable.shape) for variable in there]
        found = []
        for twin in self._twins(network):
            here = _captured(self._trace(name, twin))
            found = found or [tuple(variable.shape) for variable in here]
            if [tuple(variable.shape) for variable in here] != shapes:
                continue
            for variable, value in zip(here, there):
                variable.assign(value)
            if alike(twin):
                known = {id(variable) for variable in here}
                weights = named_weights(twin)
                return twin, {n: w for n, w in weights.items() if id(w.variable) in known}
        count = sum(a != b for a, b in zip(found, shapes)) + abs(len(found) - len(shapes))
        raise UsageError(
            f"the {name} there is another one: of its {len(shapes)} weights {count} differ in shape from "
            f"{type(network).__name__}'s, or are used in another way; the options of the networks must be "
            "those that it was trained with"
        )

    def _twins(self, network):
        """Yields networks of the architecture with the export's image shape, latent and classes."""
        height, _, channels = self.card["image_shape"]
        if not hasattr(network, "parts"):
            yield keras.models.clone_model(network)
            return
        config = network.get_config()
        own = {"image_size": height, "channels": channels, "num_classes": self.num_classes}
        own |= {"dtype": "float32", "freeze": 0, "auxiliary": False, "latent_dim": self.card["latent_dim"]}
        own |= {"reconstruction": False}  # no signature draws with the decoders
        own = {name: value for name, value in own.items() if name in config}
        resized = network.image_size != height and "base_channels" in config
        for factor in _WIDER if resized else (1,):
            wider = {"base_channels": factor * config["base_channels"]} if resized else {}
            for gates in _gates(config):
                try:
                    twin = type(network).from_config({**config, **own, **wider, **gates})
                except ValueError:
                    if not gates.get("skip_excitation"):
                        raise
                    continue  # images that are too small for gates
                twin.build()
                yield twin

    def _trace(self, name, network):
        shape = [self.card["latent_dim"]] if name == "generator" else self.card["image_shape"]
        specs = [tf.TensorSpec([None, *shape], tf.float32)]
        if self.num_classes:
            specs.append(tf.TensorSpec([None], tf.int32))
        styles = name == "generator" and getattr(network, "truncates_styles", False)

        @tf.function(input_signature=specs)
        def run(*inputs):
            truncation = {"truncation": tf.ones(tf.shape(inputs[0])[:1])} if styles else {}
            return network(inputs if self.num_classes else inputs[0], training=False, **truncation)

        return run.get_concrete_function()

    def _draw(self):
        """Returns the export's image of a seed, uint8 [1, H, W, C], and its label, int32 [1], or None."""
        labels = {"label": tf.constant([0])} if self.num_classes else {}
        inputs = {"seed": tf.constant([_SEED], tf.int64), "truncation": tf.zeros(1), **labels}
        return self._signatures["images"](**inputs)["images"], labels.get("label")

    def _draws_alike(self, generator):
        image, label = self._draw()
        sampler = Sampler(
            generator, self.card["latent_dim"], latent=self.card["latent"], num_classes=self.num_classes
        )
        ours = sampler.images([_SEED], labels=None if label is None else label.numpy())
        return np.abs(ours.astype(int) - image.numpy().astype(int)).mean() < 1  # of 255

    def _judges_alike(self, discriminator):
        image, label = self._draw()
        labels = {} if label is None else {"label": label}
        png = tf.io.encode_png(image[0])[None]
        there = next(iter(self._signatures["discriminate"](image_bytes=png, **labels).values()))
        images = tf.cast(image, tf.float32) / 127.5 - 1.0
        logit = discriminator(images if label is None else (images, label), training=False)[:, 0]
        ours = tf.sigmoid(logit) if self.card["discriminator"] == "probability" else logit
        return np.allclose(ours, there, rtol=1e-2, atol=1e-3)


def _gates(config):
    """Returns what the option of gates may have been, as dicts: as here first."""
    if "skip_excitation" not in config:
        return [{}]
    return [{"skip_excitation": on} for on in (config["skip_excitation"], not config["skip_excitation"])]


def _captured(function):
    """Returns the variables that a ConcreteFunction uses, in the order of their first use.

    `function.variables` would give them in no order.
    """
    handles = {id(variable.handle): variable for variable in function.variables}
    found = [handles[id(handle)] for handle in function.captured_inputs if id(handle) in handles]
    return list({id(variable): variable for variable in found}.values())
