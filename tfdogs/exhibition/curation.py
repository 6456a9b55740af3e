"""Who is shown: by number, or by what a network thinks of each."""

import numpy as np

from tfdogs.errors import TfdogsError
from tfdogs.sampling.seeds import Seeds

EXTRACTOR = "efficientnet_lite0"  # which sees dogs; it needs no download


def without(seeds, dropped):
    """Returns the `Seeds` that are not among those of `dropped`, in their order; there may be none left."""
    parts = list(seeds.ranges)
    for gap in dropped.ranges:
        parts = [
            piece
            for part in parts
            for piece in (
                range(part.start, min(part.stop, gap.start)),
                range(max(part.start, gap.stop), part.stop),
            )
            if piece
        ]
    return Seeds(tuple(parts))


def strangers(seeds, numbers):
    """Returns the first part of `seeds`, as text, in which none of `numbers` lies; None if there is none.

    Args:
        seeds: `Seeds`, such as those of --drop.
        numbers: ints, or another `Seeds`.
    """
    for part in seeds.ranges:
        if isinstance(numbers, Seeds):
            hit = any(max(part.start, other.start) < min(part.stop, other.stop) for other in numbers.ranges)
        else:
            hit = any(number in part for number in numbers)
        if not hit:
            return str(Seeds((part,)))
    return None


def best(scores, count):
    """Returns the places of the `count` highest scores, ascending; of equal ones the first."""
    return np.sort(np.argsort(-np.asarray(scores, np.float64), kind="stable")[:count])


def judge_by_discriminator(gan, batches):
    """Returns the discriminator's logits: how real it holds images to be, not augmented.

    Args:
        gan: `tfdogs.models.gan.GAN`.
        batches: iterable of (seeds, labels or None, images), as `tfdogs.sampling.drawing.Drawing.batches`.

    Returns:
        float32 [N].

    Raises:
        TfdogsError: a logit is not finite.
    """
    import tensorflow as tf

    from tfdogs.data import pixels

    @tf.function(reduce_retracing=True)
    def judge(images, labels):
        images = pixels.to_float(images)
        logits = gan.discriminator(images if labels is None else (images, labels), training=False)
        return tf.reshape(tf.cast(logits, tf.float32), [-1])

    scores = np.concatenate([judge(images, labels).numpy() for _, labels, images in batches])
    if not np.isfinite(scores).all():
        raise TfdogsError("the discriminator's verdicts are not finite: its weights are spoilt")
    return scores


def judge_by_dogs(extractor, batches):
    """Returns the probability that an image shows a dog, of whatever breed: its share in the dog score.

    Args:
        extractor: `tfdogs.metrics.extractors.extractor.Extractor` with ImageNet's classes.
        batches: iterable of uint8 arrays [n, H, W, C].

    Returns:
        float32 [N].
    """
    from tfdogs.metrics.dogs import DOG_CLASSES

    dogs = list(DOG_CLASSES)
    return np.concatenate([found.probabilities[:, dogs].sum(axis=1) for found in extractor.extract(batches)])


def sentence(config, shown, show):
    """Returns who chose what hangs, for the page.

    Args:
        config: `tfdogs.exhibition.config.GalleryConfig`.
        shown: number of images on the wall.
        show: `tfdogs.exhibition.drawn.Drawn` or `Collected`.
    """
    parts = [f"{shown:,} of {show.count:,}" if shown < show.count else f"All {shown:,}"]
    if config.curate == "discriminator":
        parts.append("those that the discriminator liked best")
    elif config.curate == "dog_score":
        parts.append("those in which EfficientNet-Lite0 sees most of a dog")
    elif config.pick:
        parts = [f"{shown:,}, picked by hand"]
    elif config.model_dir:
        parts = [f"{shown:,}, seeds {config.all_seeds} as they come"]
    elif shown + show.left_out < show.count:
        parts.append("the first by number")
    if show.left_out:
        parts.append(f"{show.left_out:,} left out by hand")
    elif not config.curated and not config.pick:
        parts.append("none chosen" if config.model_dir else "as they were given")
    return ", ".join(parts) + "."
