"""What all clients have in common."""

import abc
import json
from typing import NamedTuple

import numpy as np

from tfdogs.errors import UsageError
from tfdogs.serving.client.retry import Retry
from tfdogs.serving.errors import ServingError

CARD = (
    "model",
    "kimg",
    "image_shape",
    "latent",
    "latent_dim",
    "classes",
    "max_rows",
    "discriminator",
    "scores",
    "data",
    "tfdogs",
)


class Tensors(NamedTuple):
    """What a signature takes and gives.

    Attributes:
        inputs, outputs: name -> (dtype, shape): NumPy's name of the dtype or "string", and a tuple with None
            for each size that varies, or None where not even the rank is fixed.
    """

    inputs: dict
    outputs: dict


class Client(abc.ABC):
    """Calls of an exported model, wherever it runs. A context manager; usable from several threads.

    Whether the model has classes, and how its tensors look, is asked for before the first call, and again
    after a refused one, as a version of another kind may have taken its place.

    Args:
        name: the model's name on the server.
        version: its version, or None for the newest.
        deadline: seconds that a request may take, all tries together.
        retries: most tries after the first.

    Raises:
        UsageError: a value is out of range.
    """

    def __init__(self, *, name, version, deadline, retries):
        number = isinstance(version, int) and not isinstance(version, bool)
        if not (version is None or (number and version >= 0)):
            raise UsageError(f"version must be a number of 0 or more, or None. Received: {version}")
        self.name, self.version = name, version
        self._retry = Retry(deadline, retries)
        self._signatures, self._closed = None, False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def predict(self, signature_name, inputs):
        """Calls a signature.

        Args:
            signature_name: such as "serving_default".
            inputs: {name: array-like} of its inputs; cast to the signature's dtypes where nothing is lost in
                kind (no fractions to integers, say); strings as bytes or str.

        Returns:
            {name: array} of its outputs; strings are bytes in arrays of dtype object.

        Raises:
            ServingError: the server refused the inputs or failed (`code` says which), or DEADLINE_EXCEEDED.
        """
        signature = self.signature(signature_name)
        if inputs.keys() != signature.inputs.keys():
            wanted, received = (", ".join(sorted(names)) or "nothing" for names in (signature.inputs, inputs))
            raise _invalid(f"{signature_name} takes {wanted}. Received: {received}")
        arrays = {name: _cast(name, inputs[name], dtype) for name, (dtype, _) in signature.inputs.items()}
        try:
            return self._call(lambda left: self._predict(signature_name, arrays, signature.outputs, left))
        except ServingError as e:
            # TensorFlow Serving's code for a signature that is not there is FAILED_PRECONDITION.
            if e.code in ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION"):
                self._signatures = None
            raise

    def generate(self, seeds, *, truncation=None, labels=None):
        """Draws an image a seed; a seed gives the same image in any company.

        Args:
            seeds: ints [N], each in the range of int64; N at most `card()["max_rows"]`.
            truncation: None, or in (0, 1000], one for all or [N]; see `tfdogs.models.latents.from_seeds`.
            labels: of a conditional model: classes as ints, one for all or [N]; default: the seeds' own.

        Returns:
            A list of PNG files' bytes.

        Raises:
            ServingError: as `predict`; or INVALID_ARGUMENT: labels for a model without classes.
        """
        inputs = self._from_seeds("serving_default", seeds, truncation, labels)
        return self.predict("serving_default", inputs)["image_bytes"].tolist()

    def images(self, seeds, *, truncation=None, labels=None):
        """Draws an image a seed, as `generate`, but returns pixels, uint8 [N, H, W, C]."""
        return self.predict("images", self._from_seeds("images", seeds, truncation, labels))["images"]

    def from_latents(self, z, labels=None, *, truncation=None):
        """Draws an image a latent.

        Args:
            z: float32 [N, latent_dim], finite.
            labels: of a conditional model: classes as ints, one for all or [N].
            truncation: as of `generate`, of a model that truncates styles, such as stylegan2, only.

        Returns:
            A list of PNG files' bytes.
        """
        z = _array("z", z)
        if z.ndim != 2:
            raise _invalid(f"input z must be [N, latent_dim]. Received: shape {z.shape}")
        inputs = {"z": z, **self._labels("from_latents", {"label": labels}, len(z))}
        if "truncation" in self.signature("from_latents").inputs:
            inputs["truncation"] = _spread("truncation", 0.0 if truncation is None else truncation, len(z))
        elif truncation is not None:
            raise _invalid("this model truncates no styles: its from_latents takes no truncation")
        return self.predict("from_latents", inputs)["image_bytes"].tolist()

    def interpolate(self, seed_from, seed_to, fractions, *, truncation=None, labels=None):
        """Draws images on the way from one seed's image to another's.

        Args:
            seed_from: int, or ints [N].
            seed_to: int, or ints [N].
            fractions: float or [N], in [0, 1]: 0 is `seed_from`'s image, 1 `seed_to`'s.
            truncation: as of `generate`.
            labels: of a conditional model: a pair of classes for both ends, each an int or [N]; default: the
                seeds' own.

        Returns:
            A list of PNG files' bytes.
        """
        try:
            label_from, label_to = (None, None) if labels is None else labels
        except (TypeError, ValueError) as e:
            raise _invalid(f"labels must be a pair, of both ends. Received: {labels!r:.80}") from e
        rows = {"seed_from": seed_from, "seed_to": seed_to, "fraction": fractions}
        rows = {name: _array(name, value) for name, value in rows.items()}
        count = next((row.size for row in rows.values() if row.size != 1), 1)
        ends = {"label_from": label_from, "label_to": label_to}
        inputs = {
            **{name: _spread(name, value, count) for name, value in rows.items()},
            "truncation": _spread("truncation", 0.0 if truncation is None else truncation, count),
            **self._labels("interpolate", ends, count, default=-1),
        }
        return self.predict("interpolate", inputs)["image_bytes"].tolist()

    def discriminate(self, images, labels=None):
        """Asks the discriminator how real images look.

        Args:
            images: list of JPEG or PNG files' bytes, of any size.
            labels: of a conditional model: classes as ints, one for all or [N].

        Returns:
            float32 [N]: probabilities of being real; of a model whose `card()["discriminator"]` is "score"
            its scores, higher for more real.
        """
        try:
            images = list(images)
        except TypeError as e:
            raise _invalid(f"images must be a list of bytes. Received: {type(images).__name__}") from e
        inputs = {"image_bytes": images, **self._labels("discriminate", {"label": labels}, len(images))}
        (verdict,) = self.predict("discriminate", inputs).values()
        return verdict

    def card(self):
        """Returns what the model says of itself, a dict: its name, kimg, classes, scores and more."""
        values = self.predict("card", {"field": list(CARD)})["value"]
        return {field: json.loads(value) for field, value in zip(CARD, values.tolist())}

    def status(self):
        """Returns the versions' states: a list of (version, state), state such as "AVAILABLE"."""
        return self._call(self._status)

    def close(self):
        """Lets go of connections; later calls fail."""
        self._closed = True

    @abc.abstractmethod
    def _ask_signatures(self, seconds):
        """Returns {signature name: `Tensors`}, within so many seconds."""

    @abc.abstractmethod
    def _predict(self, signature_name, arrays, outputs, seconds):
        """Returns {name: array}.

        Args:
            signature_name: one that exists.
            arrays: {name: array} of the signature's inputs and dtypes; strings are bytes in dtype object.
            outputs: the signature's, as in `Tensors`.
            seconds: time for it.
        """

    @abc.abstractmethod
    def _status(self, seconds):
        """Returns list of (version, state), within so many seconds."""

    def _call(self, attempt):
        if self._closed:
            raise ServingError("FAILED_PRECONDITION", "the client is closed")
        return self._retry(attempt)

    def signature(self, name):
        """Returns the `Tensors` of a signature.

        Raises:
            ServingError: INVALID_ARGUMENT: there is none of this name; or as `predict`.
        """
        signatures = self._signatures
        if signatures is None:
            signatures = self._signatures = self._call(self._ask_signatures)
        if name not in signatures:
            self._signatures = None
            raise _invalid(f"signature must be one of {', '.join(sorted(signatures))}. Received: {name}")
        return signatures[name]

    def _from_seeds(self, signature_name, seeds, truncation, labels):
        seeds = _array("seed", seeds).reshape(-1)
        return {
            "seed": seeds,
            "truncation": _spread("truncation", 0.0 if truncation is None else truncation, seeds.size),
            **self._labels(signature_name, {"label": labels}, seeds.size, default=-1),
        }

    def _labels(self, signature_name, labels, count, default=None):
        """Returns those inputs among `labels`, name -> ints or None, that the model has, [count] each."""
        if not self.signature(signature_name).inputs.keys() & labels.keys():
            if any(value is not None for value in labels.values()):
                raise _invalid("this model has no classes: it takes no labels")
            return {}
        labels = {name: default if value is None else value for name, value in labels.items()}
        if any(value is None for value in labels.values()):
            raise _invalid(f"{signature_name} of a conditional model takes labels. Received: none")
        return {name: _spread(name, value, count) for name, value in labels.items()}


def _array(name, value):
    """Returns an input as an array of the dtype that NumPy sees in it."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as e:  # rows of several lengths, say
        raise _invalid(f"input {name} is no array: {' '.join(str(e).split())}") from e


def _spread(name, value, count):
    """Returns one value for all, or one for each, as an array [count]."""
    array = _array(name, value)
    if array.ndim > 1 or array.size not in (1, count):
        raise _invalid(f"input {name} must be one value or {count}. Received: shape {array.shape}")
    return np.broadcast_to(array, count)


def _cast(name, value, dtype):
    """Returns an input as an array of its dtype."""
    if dtype == "string":
        array = np.asarray(value, object)
        for item in array.flat:
            if not isinstance(item, (bytes, str)):
                raise _invalid(f"input {name} must be bytes. Received: {type(item).__name__}")
        flat = [item.encode() if isinstance(item, str) else bytes(item) for item in array.flat]
        encoded = np.empty(len(flat), object)
        encoded[:] = flat
        return encoded.reshape(array.shape)
    array = _array(name, value)
    if array.dtype.kind == "b" and dtype != "bool":  # which NumPy takes for 0 and 1
        raise _invalid(f"input {name} must be {dtype}. Received: bool")
    try:
        # NumPy takes [] for floats.
        with np.errstate(over="ignore"):  # what is beyond the range is infinite
            cast = array.astype(dtype, casting="same_kind" if array.size else "unsafe")
    except (TypeError, ValueError, OverflowError) as e:
        raise _invalid(f"input {name} must be {dtype}: {' '.join(str(e).split())}") from e
    if cast.dtype.kind in "iu" and not np.array_equal(cast, array):
        raise _invalid(
            f"input {name} must be in the range of {dtype}. Received: {array.min()} to {array.max()}"
        )
    return cast


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)
