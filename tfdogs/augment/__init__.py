"""Augmentations of what the discriminator sees."""

# Names live here, and not beside the operations, so that flags can be checked before TensorFlow is imported.
NAMES = ("brightness", "saturation", "contrast", "color", "translation", "cutout")
ADA_NAMES = ("blit", "geometry", "color", "filter", "noise", "cutout")
ADA_POLICY = "blit,geometry,color"

# (fewest images, policy, what it rests on), from large to small.
_DEFAULTS = (
    (140_000, "", "with 140,000 images augmentation no longer helped (Karras et al. 2020, ADA)"),
    (50_000, "translation", "a discriminator hardly learns so many by heart, and colours stay as they are"),
    (10_000, "brightness,saturation,translation", "the measured recipe for 12,000 dogs"),
    (0, "color,translation,cutout", "few images are soon learned by heart (Zhao et al. 2020, DiffAugment)"),
)


def names(policy, legal=NAMES):
    """Returns the names in a comma-separated policy.

    Args:
        policy: the text.
        legal: names that it may have; default DiffAugment's.

    Raises:
        ValueError: an unknown name, or none.
    """
    found = [name.strip() for name in policy.split(",") if name.strip()]
    if not found or not set(found) <= set(legal):
        raise ValueError(f"policy must be made of {', '.join(legal)}. Received: {policy!r}")
    return found


def parse(policy):
    """Splits and checks what `--augment` says.

    Args:
        policy: `NAMES`, comma-separated, for DiffAugment; "ada", or "ada:" and `ADA_NAMES`, for ADA; "auto";
            or "" for nothing.

    Returns:
        (kind, names): kind is "diff", "ada", "auto" or "none".

    Raises:
        ValueError: an unknown name.
    """
    policy = policy.strip()
    if policy in ("auto", ""):
        return policy or "none", []
    kind, colon, parts = policy.partition(":")
    if kind == "ada":
        return kind, names(parts if colon else ADA_POLICY, ADA_NAMES)
    if not {part.strip() for part in policy.split(",")} <= {*NAMES, ""}:
        legal = f"{', '.join(NAMES)}, or be ada, ada:{','.join(ADA_NAMES)} or auto"
        raise ValueError(f"policy must be made of {legal}. Received: {policy!r}")
    return "diff", names(policy)


def default_policy(num_images):
    """Chooses an augmentation by the size of the data set: what "auto" stands for.

    Args:
        num_images: images in the training split.

    Returns:
        (policy, reason): what `parse` reads, and a sentence to print.
    """
    policy, reason = next(row[1:] for row in _DEFAULTS if num_images >= row[0])
    return policy, f"augmentation for {num_images:,} images: {policy or 'none'} ({reason})"


def get(policy, num_images=None, **options):
    """Builds an augmentation by name.

    Args:
        policy: see `parse`.
        num_images: images in the training split, for "auto".
        **options: of `ADA`, for "ada".

    Returns:
        `DiffAugment`, `ADA`, or None for "".

    Raises:
        ValueError: an unknown name, "auto" without `num_images`, or an option out of range.
    """
    kind, parts = parse(policy)
    if kind == "auto":
        if num_images is None:
            raise ValueError("augment=auto needs to know the number of images. Received: num_images=None")
        return get(default_policy(num_images)[0])
    if kind == "ada":
        from tfdogs.augment.ada import ADA

        return ADA(",".join(parts), **options)
    if kind == "diff":
        from tfdogs.augment.diff_augment import DiffAugment

        return DiffAugment(",".join(parts))
    return None
