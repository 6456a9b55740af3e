"""Transfer learning: networks that start from those of another run, export or file."""

import dataclasses
import hashlib
import zipfile
import zlib

import keras
import numpy as np

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.models.named_weights import named_weights
from tfdogs.models.transfer import Classes, Transfer, check_architecture
from tfdogs.training.exported import Exported
from tfdogs.training.init_source import resolve


@dataclasses.dataclass(frozen=True)
class InitReport:
    """What networks took from a source; `print` shows it.

    Attributes:
        source: what they were read from, for people.
        kimg: thousands of images that the source had seen.
        networks: a `tfdogs.models.transfer.NetworkReport` each: generator, average where there is one,
            discriminator.
        new_classes: names, or numbers, of the classes that the source does not know.
        known_classes: how many classes it knows.
        remark: what else there is to say, or "".
        fingerprint: SHA-256, hex, of the weights that were taken.
    """

    source: str
    kimg: float
    networks: tuple
    new_classes: tuple
    known_classes: int
    remark: str
    fingerprint: str

    def __str__(self):
        lines = [f"{part.describe(self.source)}" for part in self.networks]
        lines[0] += f" (at {self.kimg:g} kimg)"
        if self.new_classes or self.known_classes:
            classes = f"classes: {self.known_classes} known there"
            if self.new_classes:
                names = ", ".join(self.new_classes[:8]) + (", ..." if len(self.new_classes) > 8 else "")
                classes += f", {len(self.new_classes)} start fresh: {names}"
            lines.append(classes)
        if self.remark:
            lines.append(self.remark)
        return "\n".join(f"init: {line}" for line in lines)


@dataclasses.dataclass(frozen=True)
class _Source:
    """Networks that are read: each (network, its named weights); `average` is the generator's without one."""

    generator: tuple
    average: tuple
    discriminator: tuple
    image_shape: tuple
    latent: str
    num_classes: int
    classes: tuple
    kimg: float
    remark: str = ""


def load_networks(gan, source, *, classes=(), source_classes=()):
    """Starts a GAN's networks from trained ones: generator, averages and discriminator.

    Of a class that both know the rows of embeddings and of conditional normalizations are copied; those of
    others stay fresh. A conditional network and an unconditional one share all but what the classes are for.
    Where the image size differs levels are matched from the smallest feature map, and those that one of the
    two lacks stay fresh; the same goes for FastGAN's gates and decoders, which one of the two may lack at any
    size. Optimizers, counters and the states of regularizers and of the augmentation stay as they are.

    Example:

        report = tfdogs.load_networks(gan, "runs/dogs64", classes=["beagle", "pug"])
        print(report)

    Args:
        gan: `tfdogs.GAN`, which has seen no image yet. The average goes on from the source's only with
            `tfdogs.EMA(..., rampup=None)`: a ramp-up forgets it in the first step.
        source: folder of a run, of an export or of one of its versions, a `.keras` file of a `tfdogs.GAN`, or
            a `tfdogs.GAN`. A run's newest checkpoint is read. An export has the averaged generator, which
            the trained one starts from too.
        classes: names of `gan`'s classes, by label. Without them, or where the source names none, classes
            are matched by label where both have as many, and start fresh otherwise.
        source_classes: names of the classes of a `.keras` file or a GAN; the others know theirs.

    Returns:
        `InitReport`.

    Raises:
        UsageError: `source` is none of these, or has other networks, latents or image channels, or weights
            that are not finite; nothing is changed then.
        TfdogsError: it is damaged.
    """
    if isinstance(source, keras.Model):
        name = f"the GAN {source.name!r}"
    else:
        source = resolve(source)
        name = str(source.path)
    try:
        return _load(gan, _open(gan, source, tuple(source_classes), classes), name, tuple(classes))
    except UsageError as e:
        raise UsageError(f"cannot start from {name}: {e}") from e


def _load(gan, source, name, classes):
    there, here = source.generator[0], gan.generator
    shapes = [tuple(source.image_shape), tuple(gan.image_shape)]
    for names, count in ((source.classes, source.num_classes), (classes, gan.num_classes)):
        if names and count and len(names) != count:
            raise UsageError(f"classes must be one name a class, {count} of them. Received: {names}")
    if shapes[0][2] != shapes[1][2]:
        raise UsageError(f"its images have {shapes[0][2]} channels, and these {shapes[1][2]}")
    if source.latent != gan.latent:
        raise UsageError(f"its latents are {source.latent}, and these {gan.latent} (--latent)")
    check_architecture("generator", there, here)
    check_architecture("discriminator", source.discriminator[0], gan.discriminator)
    _check_finite(source)
    matched = Classes(source.classes, classes, source.num_classes, gan.num_classes)
    how = {"classes": matched, "resized": shapes[0] != shapes[1]}
    transfers = [Transfer("generator", source.generator[1], named_weights(here), **how)]
    if gan.ema_generator is not None:
        transfers.append(Transfer("average", source.average[1], named_weights(gan.ema_generator), **how))
    transfers.append(
        Transfer("discriminator", source.discriminator[1], named_weights(gan.discriminator), **how)
    )
    _check_frozen(gan.discriminator, transfers[-1].report)
    tracks = [
        Transfer("generator", source.generator[1], named_weights(track), **how)
        for track in gan.track_generators
    ]
    digest = hashlib.sha256()
    for transfer in (*transfers, *tracks):
        transfer.apply(digest)
    new = tuple(matched.new) if gan.num_classes else ()
    return InitReport(
        source=name,
        kimg=source.kimg,
        networks=tuple(transfer.report for transfer in transfers),
        new_classes=new,
        known_classes=gan.num_classes - len(new),
        remark=source.remark,
        fingerprint=digest.hexdigest(),
    )


def _check_finite(source):
    """Refuses networks that have diverged: what starts from them has done so before its first step."""
    parts = {"generator": source.generator, "average": source.average, "discriminator": source.discriminator}
    for name, (_, weights) in parts.items():
        for weight in weights.values():
            value = np.asarray(weight.variable)
            if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
                raise UsageError(f"its {name} has weights that are not finite numbers")


def _check_frozen(discriminator, report):
    """Refuses to freeze what has not learned anything."""
    frozen = {
        id(weight) for stage in _frozen_stages(discriminator) for layer in stage for weight in layer.weights
    }
    weights = named_weights(discriminator)
    fresh = [name for name in report.fresh if id(weights[name].variable) in frozen]
    if fresh:
        raise UsageError(
            f"--freeze_d={discriminator.freeze} would keep layers as they were drawn at random, which the "
            f"discriminator there lacks: {', '.join(dict.fromkeys(name.split('/')[0] for name in fresh))}"
        )


def _frozen_stages(discriminator):
    return discriminator.stages()[: discriminator.freeze] if hasattr(discriminator, "stages") else []


def _open(gan, source, names, classes):
    if isinstance(source, keras.Model):
        return _of_gan(source, names)
    if source.kind == "keras":
        try:
            loaded = keras.models.load_model(source.path)
        except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile, zlib.error) as e:
            raise TfdogsError(f"{source.path} cannot be read: {' '.join(str(e).split())[:200]}") from e
        return _of_gan(loaded, names)
    if source.kind == "run":
        from tfdogs.training.run import load  # which starts from networks itself

        run = load(source.path)
        return _of_gan(run.gan, run.classes)
    export = Exported(source.path, gan)
    numbers = tuple(map(str, range(export.num_classes)))  # which stand for names where it has none
    unnamed = export.classes == numbers and not set(numbers) & set(classes)
    return _Source(
        generator=export.generator,
        average=export.generator,
        discriminator=export.discriminator,
        image_shape=export.card["image_shape"],
        latent=export.card["latent"],
        num_classes=export.num_classes,
        classes=() if unnamed else export.classes,
        kimg=export.card["kimg"],
        remark="an export has the averaged generator alone: the generator and its average both start from it",
    )


def _of_gan(gan, names):
    if not hasattr(gan, "ema_generator"):
        raise UsageError(f"a .keras file must hold a tfdogs.GAN. Received: a {type(gan).__name__}")
    average = gan.generator if gan.ema_generator is None else gan.ema_generator
    return _Source(
        generator=(gan.generator, named_weights(gan.generator)),
        average=(average, named_weights(average)),
        discriminator=(gan.discriminator, named_weights(gan.discriminator)),
        image_shape=gan.image_shape,
        latent=gan.latent,
        num_classes=gan.num_classes,
        classes=names if gan.num_classes else (),
        kimg=int(gan.images_seen.numpy()) / 1000,
    )
