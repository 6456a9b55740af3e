"""The export: a GAN as a version that TensorFlow Serving loads."""

import json

import tensorflow as tf

import tfdogs
from tfdogs.errors import TfdogsError, reason
from tfdogs.sampling.sampler import chunk_size
from tfdogs.serving import onnx_file, tflite_file, version_folders, warmup
from tfdogs.serving.float32 import in_float32
from tfdogs.serving.row_checks import max_rows
from tfdogs.serving.signatures import Signatures


def export(gan, export_dir, *, version=None, classes=(), card=None, onnx=False, tflite=False):
    """Writes a GAN as the next version of an export.

    `EXPORT/<version>/` is a SavedModel with the signatures of `tfdogs.serving.signatures.Signatures`, in
    float32, and in `assets.extra/` the warm-up requests, `card.json`, and where they are asked for
    `generator.onnx` and `generator.tflite`. It appears there as a whole or not at all.
    `tfdogs.serving.deployment.write` adds what TensorFlow Serving needs beside the versions.

    Example:

        path = export(gan, "exports/dogs", card={"data": "my photographs"})
        model = tf.saved_model.load(str(path))
        png = model.signatures["serving_default"](seed=[7], truncation=[0.0])["image_bytes"][0].numpy()

    Args:
        gan: `tfdogs.GAN`, of any Keras networks. The averaged generator is exported, where there is one.
        export_dir: the folder of the versions; created when needed.
        version: a number; default: the largest there plus 1, at first 1.
        classes: class names, by label; default: the labels' numbers.
        card: dict of what the `card` signature is to say besides, or instead; values that JSON knows.
        onnx: whether to write the generator as ONNX too.
        tflite: whether to write the generator for TensorFlow Lite too; the whole process's stderr, file
            descriptor 2, is silenced while it is converted.

    Returns:
        Path of the version's folder.

    Raises:
        ValueError: the number of class names is not that of the classes.
        UsageError: the version exists, the folder cannot be used, or a package is missing.
        TfdogsError: the networks cannot be exported, or the disk failed.
    """
    if classes and len(classes) != gan.num_classes:
        raise ValueError(
            f"classes must be one name a class, {gan.num_classes} of them. Received: {len(classes)} names"
        )
    version_folders.check(export_dir, version)
    card = {**_card(gan, classes), **(card or {})}
    gan = in_float32(gan)
    signatures = Signatures(gan, card)
    with version_folders.aside(export_dir) as hidden:
        try:
            tf.saved_model.save(signatures, str(hidden), signatures=dict(signatures.functions))
        except (AssertionError, ValueError) as e:  # a network with a table of its own, say
            raise TfdogsError(f"the networks cannot be exported: {' '.join(str(e).split())[:300]}") from e
        except tf.errors.OpError as e:
            raise OSError(reason(e)) from e
        extra = hidden / "assets.extra"
        extra.mkdir()
        warmup.write(signatures.functions, extra / warmup.FILE_NAME, chunk=chunk_size(gan.image_shape))
        (extra / "card.json").write_text(json.dumps(card, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        if onnx:
            onnx_file.write(gan, extra / "generator.onnx")
        if tflite:
            tflite_file.write(gan, extra / "generator.tflite")
        return version_folders.publish(hidden, version)


def _card(gan, classes):
    """Returns what a GAN tells of itself."""
    numbers = [str(label) for label in range(gan.num_classes)]
    return {
        "model": gan.name,
        "kimg": int(gan.images_seen.numpy()) / 1000,
        "image_shape": list(gan.image_shape),
        "latent": gan.latent,
        "latent_dim": gan.latent_dim,
        "classes": list(classes) or numbers,
        "max_rows": max_rows(gan.image_shape),
        "discriminator": "score" if gan.loss_function.probability is None else "probability",
        "scores": {},
        "data": "",
        "tfdogs": tfdogs.__version__,
    }
