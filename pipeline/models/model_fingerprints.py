"""When two trained models are the same: by what they compute, and with what, not by the bytes of their files.

TensorFlow writes neither checkpoints nor SavedModels with the same bytes twice. Two graphs are told apart by
their answers, which are the same, byte for byte, on one machine only: on another kind of processor a model is
another one, and is judged anew.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import tensorflow as tf

from pipeline.core import fingerprints
from tfdogs.serving import version_folders
from tfdogs.serving.servable import Servable
from tfdogs.training import run

_PLACES = ("data_dir", "model_dir")
# What an export is asked: rows of one request a signature, fewer than a network draws at once in any case.
_ROWS = {
    "seed": np.arange(4),
    "seed_from": np.arange(4),
    "seed_to": np.arange(4, 8),
    "truncation": np.array([0.0, 0.0, 0.5, 0.5]),
    "fraction": np.array([0.0, 0.25, 0.5, 1.0]),
    **dict.fromkeys(("label", "label_from", "label_to"), np.zeros(4)),
}
_ASKED = ("serving_default", "images", "from_latents", "interpolate", "discriminate")


def of_run(folder):
    """Returns the digest of a run of `tfdogs.train`: configuration, images seen, weights of all networks."""
    loaded = run.load(folder)
    told = {name: value for name, value in loaded.config.to_dict().items() if name not in _PLACES}
    gan = loaded.gan
    networks = [net for net in (gan.generator, gan.discriminator, gan.ema_generator) if net is not None]
    return _digest([told, loaded.kimg], [weight for net in networks for weight in net.get_weights()])


def of_export(folder):
    """Returns the digest of an export's newest version: signatures, card, variables, and what it draws.

    What cannot be loaded, or does not draw, is told apart by its files.
    """
    try:
        version = newest_version(folder)
        servable = Servable(version)
        signatures = {name: f"{found.inputs} {found.outputs}" for name, found in servable.signatures.items()}
        card = version / "assets.extra" / "card.json"
        told = [signatures, card.read_text(encoding="utf-8") if card.is_file() else "", _drawn(servable)]
        reader = tf.train.load_checkpoint(str(version / "variables" / "variables"))
        values = [reader.get_tensor(name) for name in reader.get_variable_to_shape_map()]
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        # TensorFlow numbers the variables anew in each process: their order is that of their contents.
        return _digest(told, sorted(arrays, key=lambda array: _digest(str(array.dtype), [array])))
    except Exception:  # a damaged SavedModel fails in every way there is; InfraValidator will say how
        return fingerprints.of_folder(folder)


def newest_version(folder):
    """Returns the path of an export's newest version; the folder itself where it has none."""
    found = version_folders.versions(folder)
    return found[max(found)] if found else Path(folder)


def _drawn(servable):
    """Returns the digests of what an export answers to a few fixed rows, by signature and output."""
    told, pictures = {}, None
    for name in _ASKED:
        if name in servable.signatures:
            wanted = servable.signatures[name].inputs
            rows = {key: _rows(key, *spec, pictures) for key, spec in wanted.items()}
            answers = servable.predict(name, rows)
            pictures = answers.get("image_bytes", pictures)
            told[name] = {key: _of_answer(value) for key, value in answers.items()}
    return told


def _rows(name, dtype, shape, pictures):
    """Returns what is asked of an input; the discriminator judges the last pictures that were drawn."""
    if name == "image_bytes":
        return pictures
    if name == "z":
        return np.linspace(-2.0, 2.0, 4 * shape[1], dtype=np.float32).reshape(4, shape[1])
    return _ROWS[name].astype(dtype.as_numpy_dtype)


def _of_answer(value):
    return [fingerprints.of_bytes(row if isinstance(row, bytes) else row.tobytes()) for row in value]


def _digest(told, arrays):
    digest = hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
