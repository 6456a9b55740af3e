"""What ImageNet's dogs say of images: how dog-like they are, and of which breeds."""

from typing import NamedTuple

import numpy as np

from tfdogs.metrics.checks import probability_blocks
from tfdogs.metrics.estimate import Estimate
from tfdogs.metrics.inception_score import entropy

_NUM_CLASSES = 1000
# The classes 151 to 268 in their order, then the three wild dogs.
_BREEDS = """
    Chihuahua, Japanese Chin, Maltese, Pekingese, Shih Tzu, Blenheim Spaniel, Papillon, Toy Terrier,
    Rhodesian Ridgeback, Afghan Hound, Basset Hound, Beagle, Bloodhound, Bluetick Coonhound,
    Black and Tan Coonhound, Treeing Walker Coonhound, English Foxhound, Redbone Coonhound, Borzoi,
    Irish Wolfhound, Italian Greyhound, Whippet, Ibizan Hound, Norwegian Elkhound, Otterhound, Saluki,
    Scottish Deerhound, Weimaraner, Staffordshire Bull Terrier, American Staffordshire Terrier,
    Bedlington Terrier, Border Terrier, Kerry Blue Terrier, Irish Terrier, Norfolk Terrier, Norwich Terrier,
    Yorkshire Terrier, Wire Fox Terrier, Lakeland Terrier, Sealyham Terrier, Airedale Terrier, Cairn Terrier,
    Australian Terrier, Dandie Dinmont Terrier, Boston Terrier, Miniature Schnauzer, Giant Schnauzer,
    Standard Schnauzer, Scottish Terrier, Tibetan Terrier, Silky Terrier, Soft-Coated Wheaten Terrier,
    West Highland White Terrier, Lhasa Apso, Flat-Coated Retriever, Curly-Coated Retriever, Golden Retriever,
    Labrador Retriever, Chesapeake Bay Retriever, German Shorthaired Pointer, Vizsla, English Setter,
    Irish Setter, Gordon Setter, Brittany, Clumber Spaniel, English Springer Spaniel, Welsh Springer Spaniel,
    Cocker Spaniel, Sussex Spaniel, Irish Water Spaniel, Kuvasz, Schipperke, Groenendael, Malinois, Briard,
    Kelpie, Komondor, Old English Sheepdog, Shetland Sheepdog, Collie, Border Collie, Bouvier des Flandres,
    Rottweiler, German Shepherd, Dobermann, Miniature Pinscher, Greater Swiss Mountain Dog,
    Bernese Mountain Dog, Appenzeller, Entlebucher, Boxer, Bullmastiff, Tibetan Mastiff, French Bulldog,
    Great Dane, Saint Bernard, Eskimo Dog, Alaskan Malamute, Siberian Husky, Dalmatian, Affenpinscher,
    Basenji, Pug, Leonberger, Newfoundland, Great Pyrenees, Samoyed, Pomeranian, Chow Chow, Keeshond,
    Griffon Bruxellois, Pembroke Welsh Corgi, Cardigan Welsh Corgi, Toy Poodle, Miniature Poodle,
    Standard Poodle, Xoloitzcuintli, Dingo, Dhole, African Wild Dog
"""
DOG_CLASSES = dict(
    zip([*range(151, 269), 273, 274, 275], (" ".join(name.split()) for name in _BREEDS.split(",")))
)
"""Breed's name by the class's index among ImageNet-1k's in their usual order, 121 of them."""


class BreedHistogram(NamedTuple):
    """How many images are of which breed.

    Attributes:
        counts: number of images by breed, all of `DOG_CLASSES` in their order; they sum to the images.
        entropy: of the breeds' shares, in nats: 0 for one breed, log 121 for all alike.
        missing: names of the breeds without an image.
    """

    counts: dict
    entropy: float
    missing: tuple


def dog_score(probabilities):
    """How dog-like images are: the mean probability that an image is of one of the dog classes.

    Args:
        probabilities: ImageNet-1k's classes in their usual order [N, 1000], rows that sum to 1.

    Returns:
        `Estimate` in [0, 1]; the error is the mean's standard error, None for one image.

    Raises:
        ValueError: these are no such probabilities.
    """
    scores = np.concatenate([rows.sum(axis=1) for rows in _dogs(probabilities)])
    error = float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else None
    return Estimate(float(scores.mean()), error)


def breed_histogram(probabilities):
    """Counts images by the dog class that is the most probable among the dog classes.

    An image that is rather something else than a dog counts too, as the breed that it has most of:
    `dog_score` says how dog-like images are.

    Args:
        probabilities: as in `dog_score`.

    Returns:
        `BreedHistogram`.

    Raises:
        ValueError: see `dog_score`.
    """
    counts = sum(
        np.bincount(rows.argmax(axis=1), minlength=len(DOG_CLASSES)) for rows in _dogs(probabilities)
    )
    by_name = {name: int(count) for name, count in zip(DOG_CLASSES.values(), counts)}
    missing = tuple(name for name, count in by_name.items() if not count)
    return BreedHistogram(by_name, float(entropy(counts / counts.sum())), missing)


def _dogs(probabilities):
    """Yields the dog classes' probabilities [n, 121], in blocks."""
    for rows in probability_blocks(probabilities, num_classes=_NUM_CLASSES):
        yield rows[:, list(DOG_CLASSES)]
