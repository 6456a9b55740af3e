"""Do the scores see what people see? Real dogs against real dogs, cats, damaged dogs and few breeds.

  python benchmarks/controls.py --data_dir data/dogs64 --cats data/cats64

The training split is parted: some dogs are the reference, the others play the generator's part, as they are,
or blurred, noised, crushed by JPEG, or of some of the breeds only. Every row has the same number of images,
so that its FID has the same bias. Then training images are sent back, as they are, mirrored or cropped a
little, and a few of them over and over: what do the two alarms say? Prints the tables of docs/metrics.md.
"""

import argparse
import io
import sys

import numpy as np
from PIL import Image, ImageFilter
from timing import machine, positive

from tfdogs.data.feed import Feed
from tfdogs.metrics import collapse, extractors, memorization
from tfdogs.metrics.density_coverage import density_coverage
from tfdogs.metrics.dogs import breed_histogram, dog_score
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.frechet import frechet_distance
from tfdogs.metrics.inception_score import inception_score
from tfdogs.metrics.kid import kernel_distance
from tfdogs.metrics.mifid import memorization_distance
from tfdogs.metrics.neighbours import nearest
from tfdogs.metrics.precision_recall import precision_recall

SEED = 0


def blurred(images, sigma):
    """Gaussian blur with a standard deviation of `sigma` pixels."""
    blur = ImageFilter.GaussianBlur(sigma)
    return np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in images])


def noised(images, deviation):
    """Gaussian noise with a standard deviation of `deviation` grey levels."""
    noise = np.random.default_rng(SEED).normal(0, deviation, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def crushed(images, quality):
    """Through JPEG at a quality."""

    def crush(image):
        memory = io.BytesIO()
        Image.fromarray(image).save(memory, "JPEG", quality=quality)
        return np.asarray(Image.open(memory))

    return np.stack([crush(image) for image in images])


def of_breeds(images, labels, share, count, num_classes):
    """`count` images of a random `share` of the breeds."""
    random = np.random.default_rng(SEED)
    breeds = random.permutation(num_classes)[: max(1, round(share * num_classes))]
    return images[random.permutation(np.flatnonzero(np.isin(labels, breeds)))[:count]]


def rows(dogs, labels, cats, count, num_classes):
    """Yields (name of the damage, its strength, images), every damage in growing strength."""
    some = dogs[:count]
    yield "dogs", "as they are", some
    for sigma in (0.5, 1, 2, 4):
        yield "blur", f"{sigma:g} px", blurred(some, sigma)
    for deviation in (8, 16, 32, 64):
        yield "noise", f"{deviation} grey levels", noised(some, deviation)
    for quality in (75, 40, 20, 5):
        yield "JPEG", f"quality {quality}", crushed(some, quality)
    for share in (0.5, 0.25, 0.1):
        yield "breeds", f"{share:.0%} of them", of_breeds(dogs, labels, share, count, num_classes)
    yield "cats", "", cats


def cropped(images, pixels):
    """Cropped by `pixels` in height and width, off the centre, and brought back to the old size."""
    size, near = images.shape[1], pixels // 2 + pixels % 2
    box = (near, pixels - near, size - pixels + near, size - near)
    return np.stack([np.asarray(Image.fromarray(image).resize((size, size), box=box)) for image in images])


def copies(known):
    """Yields (what a generator might send back, images) made of training images."""
    yield "training images", known
    yield "mirrored", known[:, :, ::-1]
    for pixels in (2, 4, 8):
        yield f"cropped by {pixels} px", cropped(known, pixels)
    yield "mirrored, cropped by 4 px", cropped(known[:, :, ::-1], 4)
    yield "ten images over and over", np.resize(known[:10], known.shape)
    yield "one image over and over", np.resize(known[:1], known.shape)


def line(*cells):
    """Prints a row of a Markdown table."""
    print("| " + " | ".join(cells) + " |", flush=True)


def scores(extractor, reference, rest, cats, args, num_classes):
    """Prints the first table."""
    names = "FID, KID x 1000, precision, recall, density, coverage, IS, dog score, breed entropy, d"
    line("images", "strength", *names.split(", "))
    line(*["---"] * 12)
    for name, strength, some in rows(*rest, cats, args.count, num_classes):
        if len(some) != args.count:
            sys.exit(f"controls.py: only {len(some)} images for {name} {strength}; lower --count")
        fakes = extractor(some)
        near = precision_recall(reference.pool, fakes.pool)
        dense = density_coverage(reference.pool, fakes.pool)
        line(
            name,
            strength,
            f"{frechet_distance(reference.pool, fakes.pool):.2f}",
            f"{1000 * kernel_distance(reference.pool, fakes.pool).value:.2f}",
            *(f"{value:.3f}" for value in (*near, *dense)),
            f"{inception_score(fakes.probabilities, splits=1).value:.2f}",
            f"{dog_score(fakes.probabilities).value:.3f}",
            f"{breed_histogram(fakes.probabilities).entropy:.2f}",
            f"{memorization_distance(fakes.pool, reference.pool):.3f}",
        )


def alarms(extractor, reference, known, unseen):
    """Prints the second table."""
    natural = memorization.natural_distances(reference.pool, extractor(unseen).pool)
    whole = FeatureSet(*reference, stamp=extractor.stamp)
    reals = collapse.spread(whole, breeds=extractor.imagenet)
    line("sent back", "d", "d of unseen dogs", "nearer than 99 % of unseen", "memorisation", "collapse")
    line(*["---"] * 6)
    for name, some in (("unseen dogs", unseen), *copies(known)):
        features = extractor(some)
        verdict = memorization.judge(nearest(features.pool, reference.pool)[0][:, 0], natural)
        fallen = collapse.judge(
            collapse.spread(FeatureSet(*features, stamp=extractor.stamp), breeds=extractor.imagenet), reals
        )
        values = f"{verdict.distance:.3f}", f"{verdict.natural_distance:.3f}", f"{100 * verdict.near:.0f} %"
        line(name, *values, "ALARM" if verdict.reason else "-", "ALARM" if fallen else "-")


def main():
    """Prints both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data_dir", required=True, help="prepared dogs, with classes")
    parser.add_argument("--cats", required=True, help="prepared cats of the same size")
    parser.add_argument("--reference", type=positive, default=5000, help="dogs to compare with")
    parser.add_argument("--count", type=positive, default=500, help="images a row")
    parser.add_argument("--extractor", default="efficientnet_lite0", help="as of python -m tfdogs.evaluate")
    parser.add_argument("--inception_path", default="", help="as of python -m tfdogs.evaluate")
    args = parser.parse_args()
    dogs, cats = Feed(args.data_dir), Feed(args.cats)
    if dogs.num_images < args.reference + args.count or cats.num_images < args.count:
        sys.exit(f"controls.py: {dogs.num_images} dogs and {cats.num_images} cats are too few")
    images, labels = dogs.first(dogs.num_images)
    order = np.random.default_rng(SEED).permutation(len(images))
    images, labels = images[order], labels[order]
    extractor = extractors.get(args.extractor, path=args.inception_path)
    known, rest = images[: args.reference], (images[args.reference :], labels[args.reference :])
    reference, stamp = extractor(known), extractor.stamp
    print(f"{machine()}\n{stamp.label}, weights {stamp.weights}, resizer {stamp.resizer}")
    print(f"{args.count} images a row against {args.reference} dogs\n")
    scores(extractor, reference, rest, cats.first(args.count)[0], args, dogs.num_classes)
    print()
    alarms(extractor, reference, known[: args.count], rest[0][: args.count])


if __name__ == "__main__":
    main()
