"""Augmentations of what the discriminator sees."""

# Here, and not beside the operations, so that flags can be checked before TensorFlow is imported.
NAMES = ("brightness", "saturation", "contrast", "color", "translation", "cutout")


def parse(policy):
    """Returns the names in a comma-separated policy.

    Raises:
        ValueError: an unknown name, or none.
    """
    names = [name.strip() for name in policy.split(",") if name.strip()]
    if not names or not set(names) <= set(NAMES):
        raise ValueError(f"policy must be made of {', '.join(NAMES)}. Received: {policy!r}")
    return names
