"""What fakes are scored against."""

import functools
import json
import zipfile
from pathlib import Path

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics.evaluation import describe
from tfdogs.metrics.extractors.extractor import Stamp
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.gaussian import Gaussian
from tfdogs.metrics.moments import Moments

_FORMAT = "tfdogs-statistics/1"


class Reference:
    """The real side: features of real images, or only their moments out of a statistics file.

    Args:
        features: `FeatureSet` of the real images; every metric can be computed against it.

    Attributes:
        features: as given; None where only the moments are known, as of a statistics file, which does for the
            FID and what is made of it.
        stamp: `Stamp` of the extractor that made it.
        name: what the images are, for people.
        num_images: how many images.
    """

    def __init__(self, features):
        known = features.pool is not None
        self.features = features if known else None
        self._moments = None if known else features.moments
        self.stamp, self.name, self.num_images = features.stamp, features.name, len(features)

    @classmethod
    def load(cls, path, *, stamp):
        """Reads a statistics file that `save` wrote.

        Args:
            path: the `.npz` file.
            stamp: `Stamp` of the extractor that the fakes' features are made with.

        Raises:
            UsageError: it is no such file, or was made with another extractor.
            TfdogsError: it is damaged.
        """
        if _names(path) >= {"mu", "sigma"}:
            raise UsageError(
                f"{path} holds mu and sigma as pytorch-fid writes them, and does not say which extractor and "
                "resizer made them nor of how many images; legal is an .npz made by --save_stats"
            )
        moments, facts = Moments.load(path)
        if str(facts.get("format")) != _FORMAT:
            raise UsageError(f"{path} holds neither images nor statistics made by --save_stats")
        made_with, name = _made_with(path, facts)
        if made_with != stamp:
            raise UsageError(
                f"{path} was made with another extractor: {describe(made_with)}; wanted is {describe(stamp)}"
            )
        return cls(FeatureSet.of_moments(moments, stamp=stamp, name=name))

    def save(self, path):
        """Writes the moments with stamp and number of images, aside and then renamed; `load` reads them.

        Args:
            path: a file that ends in .npz.

        Raises:
            TfdogsError: the disk refuses.
        """
        self.moments.save(path, format=_FORMAT, name=self.name, stamp=json.dumps(self.stamp.to_dict()))

    @property
    def moments(self):
        """`Moments` of all real images."""
        return self._moments if self.features is None else self.features.moments

    @functools.cached_property
    def gaussian(self):
        """`Gaussian` of all real images, from which Fréchet distances are computed."""
        return Gaussian.of(self._moments) if self.features is None else self.features.gaussian


def _made_with(path, facts):
    """Returns (`Stamp`, name of the images) as a statistics file has them."""
    try:
        return Stamp(**json.loads(str(facts["stamp"]))), str(facts["name"])
    except (KeyError, TypeError, ValueError) as e:
        raise TfdogsError(
            f"{path}: what it says of its extractor is damaged, or of another version of tfdogs; make it "
            f"anew with --save_stats ({e!r})"
        ) from e


def is_statistics(path):
    """Says whether a file is an .npz without images: statistics, ours or of other programs."""
    names = _names(path)
    return bool(names) and not names & {"images", "arr_0"}


def _names(path):
    """Returns the names of an .npz file's arrays, a set; empty for anything else."""
    path = Path(path)
    if path.suffix.lower() != ".npz" or not path.is_file():
        return set()
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return set()
