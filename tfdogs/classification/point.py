"""What one trained network showed: a point of the study, and its file."""

import dataclasses
import json
from pathlib import Path

from tfdogs.errors import TfdogsError
from tfdogs.sampling.output import replacing

REAL, SYNTHETIC = "real", "synthetic"  # the test images


@dataclasses.dataclass(frozen=True)
class Point:
    """One network, trained on one mix.

    Attributes:
        fraction: share of generated images that it was trained on, in the classes that have some.
        seed: its seed.
        accuracy: test images' kind -> share told right after the last epoch, in [0, 1].
        recall: kind -> by label, share of the class's test images that were told right; None where the class
            has none of the kind.
        curve: what was measured on the way, dicts with `epoch` (a float), `images` seen, `loss` and `train`
            (its accuracy since the measurement before, with dropout; None before the first step), and the
            accuracy on each kind of test images.
        seconds: time that it took.
    """

    fraction: float
    seed: int
    accuracy: dict
    recall: dict
    curve: tuple
    seconds: float

    @staticmethod
    def path(output_dir, fraction, seed):
        """Returns where a point is kept."""
        return Path(output_dir, "points", f"{fraction:.10g}-seed{seed}.json")

    def save(self, output_dir):
        """Writes the point, aside and then renamed: a point that is there is complete."""
        with replacing(self.path(output_dir, self.fraction, self.seed)) as path:
            path.write_text(json.dumps(dataclasses.asdict(self)) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, output_dir, fraction, seed):
        """Returns a point that was trained before, or None.

        Raises:
            TfdogsError: its file is damaged.
        """
        path = cls.path(output_dir, fraction, seed)
        if not path.is_file():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**values, "curve": tuple(values["curve"])})
        except (OSError, ValueError, TypeError, KeyError) as e:
            raise TfdogsError(f"{path} is damaged ({e}); remove it, and it is trained again") from e
