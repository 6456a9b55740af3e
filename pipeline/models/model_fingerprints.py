"""When two trained models are the same: by what they compute with, not by the bytes of their files.

TensorFlow writes neither checkpoints nor SavedModels with the same bytes twice.
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


def of_run(folder):
    """Returns the digest of a run of `tfdogs.train`: configuration, images seen, weights of all networks."""
    loaded = run.load(folder)
    told = {name: value for name, value in loaded.config.to_dict().items() if name not in _PLACES}
    gan = loaded.gan
    networks = [net for net in (gan.generator, gan.discriminator, gan.ema_generator) if net is not None]
    return _digest([told, loaded.kimg], [weight for net in networks for weight in net.get_weights()])


def of_export(folder):
    """Returns the digest of an export's newest version: signatures, card and variables.

    What cannot be loaded is told apart by its files.
    """
    try:
        version = newest_version(folder)
        signatures = {
            name: f"{found.inputs} {found.outputs}" for name, found in Servable(version).signatures.items()
        }
        card = version / "assets.extra" / "card.json"
        told = [signatures, card.read_text(encoding="utf-8") if card.is_file() else ""]
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


def _digest(told, arrays):
    digest = hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16)
    for array in arrays:
        digest.update(f"{array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
