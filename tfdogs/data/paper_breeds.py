"""The breeds of the paper dogs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Breed:
    """One paper breed; colours are "#rrggbb" strings."""

    name: str
    coats: tuple[str, str, str, str, str]  # colours of head, markings, muzzle, ears, eyes
    ears: str  # a key of EARS
    fur: str  # outline of head, neck and ears: smooth, fluffy or curly
    places: tuple[str, str, str]  # background colours: near, far, pale
    marks: tuple[str, ...]  # keys of MARKS, or spots, wrinkles, beard, topknot
    shape: tuple[float, ...]  # widths of skull, jaw, half muzzle (face units), length of muzzle, size of eyes


SPECS: tuple[Breed, ...] = (
    Breed(
        "terrier",
        ("#b08a58", "#544640", "#e6d3ae", "#7d5a36", "#6b3d1c"),
        "folded",
        "fluffy",
        ("#9cc3b5", "#6f9f8f", "#dfe8d5"),
        ("cap", "beard", "brows"),
        (0.96, 0.9, 0.34, 1.15, 1.0),
    ),
    Breed(
        "hound",
        ("#a9642f", "#fbf5ea", "#fbf5ea", "#74401f", "#6b3d1c"),
        "long",
        "smooth",
        ("#a8cbe6", "#7fb069", "#f2f0dc"),
        ("blaze",),
        (0.96, 0.9, 0.31, 1.15, 1.0),
    ),
    Breed(
        "shepherd",
        ("#c08a4c", "#3a2e2b", "#40322e", "#4a3a33", "#6b3d1c"),
        "pricked",
        "smooth",
        ("#8fae7e", "#5f8a63", "#d9e2b8"),
        ("mask", "cap"),
        (0.98, 0.9, 0.27, 1.3, 1.0),
    ),
    Breed(
        "spitz",
        ("#e08a3c", "#fff3df", "#fff3df", "#c9702c", "#6b3d1c"),
        "pricked",
        "fluffy",
        ("#8fb4d9", "#c8dcec", "#f6d9c4"),
        ("cheeks", "dots"),
        (1.08, 1.14, 0.25, 0.9, 1.0),
    ),
    Breed(
        "bulldog",
        ("#7d8088", "#f7f2ec", "#f3ece6", "#6b6d75", "#4a2e20"),
        "bat",
        "smooth",
        ("#e7b7a8", "#c97f74", "#f6e3d4"),
        ("blaze", "wrinkles"),
        (1.02, 1.14, 0.43, 0.65, 1.15),
    ),
    Breed(
        "spaniel",
        ("#8e3b1f", "#fffaf2", "#fffaf2", "#7a2f18", "#4a2413"),
        "long",
        "fluffy",
        ("#cfc3e4", "#9d8fc4", "#efe6f2"),
        ("blaze",),
        (1.0, 0.94, 0.29, 0.9, 1.15),
    ),
    Breed(
        "spotter",
        ("#f8f6f2", "#2b2929", "#f8f6f2", "#2b2929", "#6b3d1c"),
        "floppy",
        "smooth",
        ("#dd7a6e", "#b5544c", "#f0b8a4"),
        ("spots",),
        (0.96, 0.9, 0.31, 1.2, 1.0),
    ),
    Breed(
        "poodle",
        ("#eaae7c", "#d3925f", "#f3cda8", "#d8965f", "#3c2416"),
        "long",
        "curly",
        ("#7fc0c4", "#4d9aa3", "#cfe9e4"),
        ("topknot",),
        (0.92, 0.84, 0.24, 1.2, 1.0),
    ),
    Breed(
        "husky",
        ("#5d6672", "#fafafa", "#fafafa", "#4c545f", "#5fb4ec"),
        "pricked",
        "fluffy",
        ("#b9d4ea", "#8fb0cf", "#e9f2f8"),
        ("cheeks", "blaze", "dots"),
        (1.04, 1.0, 0.28, 1.1, 1.0),
    ),
    Breed(
        "guardian",
        ("#2f2a2c", "#b96a2c", "#b96a2c", "#262123", "#6b3d1c"),
        "floppy",
        "smooth",
        ("#d9c08a", "#b79a5c", "#f0e3bd"),
        ("dots", "points"),
        (1.06, 1.06, 0.36, 1.0, 1.0),
    ),
    Breed(
        "retriever",
        ("#e8bf72", "#f5dfa9", "#f6dfac", "#c98f42", "#6b3d1c"),
        "floppy",
        "fluffy",
        ("#7fa7d6", "#6ba05a", "#cfe2f3"),
        ("points",),
        (1.02, 0.98, 0.33, 1.1, 1.0),
    ),
    Breed(
        "sheepdog",
        ("#f1efea", "#8b929c", "#f7f5f0", "#7d8590", "#6b3d1c"),
        "floppy",
        "fluffy",
        ("#9fcf8a", "#5f9f5a", "#dff0c8"),
        ("patch", "beard", "topknot"),
        (1.08, 1.06, 0.34, 1.0, 1.0),
    ),
    Breed(
        "pug",
        ("#e3c49a", "#3d3230", "#3a302e", "#352b2a", "#4a2e20"),
        "rose",
        "smooth",
        ("#ecc65c", "#d0a03c", "#f8e6b4"),
        ("mask", "wrinkles"),
        (1.1, 1.1, 0.37, 0.6, 1.25),
    ),
)
BREEDS: tuple[str, ...] = tuple(breed.name for breed in SPECS)
