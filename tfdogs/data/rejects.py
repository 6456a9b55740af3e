"""What is not in a data_dir, and why: `rejects.csv`, its sums, and the examples that its sheet shows."""

import csv
import hashlib
from typing import NamedTuple

from tfdogs.data.names import printable, readable

EXAMPLES = 20  # of a reason, for the sheet


class Example(NamedTuple):
    """A rejected crop for the sheet: the picture's name, its `Finding`, and the crop as an encoded image."""

    name: str
    finding: tuple
    image: bytes


class Rejects:
    """`rejects.csv` while it is written.

    Attributes:
        reasons: numbers of rows by reason.
        crops: how many of them are of crops.

    Args:
        path: the file to write.
        seed: of the choice of examples.
    """

    def __init__(self, path, *, seed=0):
        self._file = path.open("w", newline="", encoding="utf-8", errors="backslashreplace")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(["source", "reason", "measure", "crop", "detail"])
        self._seed, self._drawn = seed, {}
        self.reasons, self.crops = {}, 0
        self._first, self._largest = {}, {}  # a detail, and the largest measure, by reason

    def add(self, name, finding, image=b""):
        """Writes a row.

        Args:
            name: of the picture or annotation.
            finding: `tfdogs.data.doctor.Finding`.
            image: the rejected crop, encoded, where there is one.
        """
        measure = "" if finding.measure is None else f"{finding.measure:.6g}"
        crop = "" if finding.crop is None else " ".join(f"{edge:.6g}" for edge in finding.crop)
        self._rows.writerow([readable(name), finding.reason, measure, crop, readable(finding.detail)])
        reason = finding.reason
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        self.crops += finding.crop is not None
        self._first.setdefault(reason, finding.detail)
        self._largest[reason] = max(finding.measure or 0, self._largest.get(reason, 0))
        if image:
            self._draw(Example(name, finding, image))

    def examples(self):
        """Returns up to `EXAMPLES` examples of each reason that has some, the most frequent reason first."""
        order = sorted(self._drawn, key=lambda reason: (-self.reasons[reason], reason))
        return {reason: [example for _, example in self._best(reason)] for reason in order}

    def advice(self, config):
        """Returns a line on the most frequent reason: what it means, what to do; "" where that is plain."""
        reason = min(self.reasons, key=lambda reason: (-self.reasons[reason], reason), default="")
        if reason == "too_small":
            side = int(self._largest[reason])
            smaller = f"--image_size={side}, or " if side >= 16 else ""
            limit = f"--min_side={config.min_side}"
            detail = f"the largest has {side} px, {limit}: {smaller}--min_side={side} to enlarge them"
        else:
            detail = printable(self._first.get(reason, ""), 300)
        return f"{reason}: {detail}" if detail else ""

    def close(self):
        """Closes the file."""
        self._file.close()

    def _draw(self, example):
        """Takes an example in; those of the least digests stay, whatever order they come in."""
        text = f"{self._seed} {example.name} {example.finding.crop}".encode("utf-8", "surrogateescape")
        drawn = self._drawn.setdefault(example.finding.reason, [])
        drawn.append((hashlib.blake2b(text, digest_size=8).digest(), example))
        if len(drawn) >= 4 * EXAMPLES:
            drawn[:] = self._best(example.finding.reason)

    def _best(self, reason):
        return sorted(self._drawn[reason], key=lambda pair: pair[0])[:EXAMPLES]
