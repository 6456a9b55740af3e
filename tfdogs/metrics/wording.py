"""Scores in words: what each means, and its number with as many digits as are worth printing."""

import math

MEANINGS = {
    "fid": "How far apart fakes and reals lie as two clouds of features, in their middle and their spread.",
    "fid_infinity": "The FID drawn out to endlessly many fakes: free of the bias that few images bring.",
    "kid": "Fakes against reals by a kernel, without bias also for few images.",
    "inception_score": "Each image clearly something, all together of everything. Reals play no part.",
    "precision": "Share of the fakes that lie among the reals: how many look right.",
    "recall": "Share of the reals that lie among the fakes: how much of the variety is drawn.",
    "density": "How closely reals surround the fakes; like precision, not misled by outliers. May exceed 1.",
    "coverage": "Share of the reals that have a fake nearby; like recall, not misled by outliers.",
    "memorization_distance": "Mean distance of a fake to the nearest real image. Near 0, they are copies.",
    "mifid_public": "The FID, divided by d where d is small enough for a suspicion of copies.",
    "mifid_private": "The same with the stricter of the two limits.",
    "dog_score": "Mean probability that a fake shows a dog, of whatever breed.",
    "breeds_entropy": "Variety of the breeds that fakes are taken for, in nats.",
    "breeds_missing": "ImageNet's kinds of dog that no fake is taken for.",
    "effective_dimension": "In how many directions the fakes differ. Few: the same images over and over.",
    "variance_ratio": "How much the fakes differ among themselves; 1 is as much as the reals.",
}
BETTER = {"lower": "↓ lower is better", "higher": "↑ higher is better", "": ""}


def number(value, error=None):
    """Returns a number with the digits that count: two of its error's, or three of its own.

    Args:
        value: a finite float.
        error: its standard error, or None.

    Returns:
        Text, such as "43.2", "74" for a whole number, or "43.21 ± 0.84" with an error.
    """
    size = error or abs(value) / 10
    whole = error is None and float(value).is_integer()
    decimals = 0 if whole or not size else min(max(1 - math.floor(math.log10(size)), 0), 12)
    text = f"{value + 0.0:,.{decimals}f}"  # of -0.0 no sign
    return text if error is None else f"{text} ± {error:,.{decimals}f}"
