"""What a run left on its way: sheets, reals, verdicts."""

import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Optional

import numpy as np
from PIL import Image

from tfdogs.errors import TfdogsError

_SHEET = re.compile(r"fakes(\d{6,})\.png", re.ASCII)


@dataclasses.dataclass(frozen=True)
class Story:
    """A run's way from noise.

    Attributes:
        sheets: (kimg, path) of the fixed-latent sheets, oldest first.
        reals: path of the sheet of training images, or None.
        verdicts: (kimg, d_real, d_fake), oldest first: the discriminator's mean verdict on reals and fakes.
    """

    sheets: tuple
    reals: Optional[Path]
    verdicts: tuple

    @classmethod
    def read(cls, model_dir):
        """Reads what there is; a run that is young or was tidied up has less.

        Raises:
            TfdogsError: a line of `metrics.jsonl` other than the last, which a kill may have cut, is broken.
        """
        samples = Path(model_dir, "samples")
        names = samples.iterdir() if samples.is_dir() else ()
        matches = [(path, _SHEET.fullmatch(path.name)) for path in names]
        sheets = sorted((int(match[1]), path) for path, match in matches if match)
        reals = samples / "reals.png"
        verdicts = _verdicts(Path(model_dir, "metrics.jsonl"))
        return cls(tuple(sheets), reals if reals.is_file() else None, tuple(verdicts))

    def excerpt(self, count):
        """Returns up to `count` of the sheets, evenly spread, the first and the last among them."""
        if len(self.sheets) <= count:
            return self.sheets
        places = {round(i * (len(self.sheets) - 1) / (count - 1)) for i in range(count)}
        return tuple(self.sheets[place] for place in sorted(places))


def read_png(path):
    """Returns a PNG file's bytes and its pixels, uint8 [H, W, C] or [H, W].

    Raises:
        TfdogsError: it cannot be read, or is no PNG image.
    """
    try:
        data = path.read_bytes()
        return data, np.asarray(Image.open(io.BytesIO(data), formats=["png"]))
    except (OSError, SyntaxError, ValueError) as e:
        raise TfdogsError(f"{path} is not a PNG image ({e})") from e


def _verdicts(path):
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, 1):
        try:
            values = json.loads(line)
            yield tuple(float(values[name]) for name in ("kimg", "d_real", "d_fake"))
        except (ValueError, KeyError, TypeError) as e:
            if number < len(lines):
                raise TfdogsError(f"{path}: line {number} is not a line of metrics ({e})") from e
