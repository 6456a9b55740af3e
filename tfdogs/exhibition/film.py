"""The film of a run: its sheets one after the other, with what the discriminator held them for."""

import itertools
import math
from typing import NamedTuple

from PIL import Image, ImageColor, ImageDraw, ImageFont

from tfdogs.errors import TfdogsError
from tfdogs.sampling.story import read_png

GIF, WEBP, STILL = "film.gif", "film.webp", "film.png"
_NARROWEST, _WIDEST = 320, 640  # pixels: room for the words; a sheet of large images is made smaller
_PIXELS = 9_000_000  # of all frames; a GIF takes about 0.7 bytes for each
_BAND, _EDGE, _FONT = 50, 12, 17  # pixels below the images, beside the words, and of the words
_PAPER, _INK, _SOFT, _RULE, _FAKE, _REAL = "#171512", "#efe9e0", "#a59c90", "#4a443b", "#eb8f63", "#63bfb3"
_RUN, _PAUSES, _FIRST, _LAST = 12_000, (90, 500), 1_000, 3_500  # milliseconds


class Film(NamedTuple):
    """What was filmed.

    Attributes:
        width, height: of a frame, in pixels.
        frames: number of frames.
        first, last: kimg of the first and the last one.
        verdict: whether a verdict stands on the last one.
    """

    width: int
    height: int
    frames: int
    first: int
    last: int
    verdict: bool


def write(story, folder, *, most, columns, probability):
    """Writes `film.gif`, `film.webp` and `film.png`, the last frame, for those who want nothing to move.

    A frame shows a sheet, of many or large images only the first rows, so that the files stay below some
    ten megabytes. Below it stand its kimg and the discriminator's mean verdict on what was drawn when it was
    made, in words and as a bar from 0 to 100 %; a mark on the bar is its verdict on real images. Scores that
    are no probabilities go over the bar from their lowest to their highest.

    Args:
        story: `tfdogs.sampling.story.Story`.
        folder: path of the folder.
        most: most frames, 2 or more, or 0 for no film; of more sheets some are taken, evenly spread, the
            first and the last among them.
        columns: images in a row, and rows, of a sheet.
        probability: whether the verdicts are probabilities.

    Returns:
        `Film`, or None where there are not two sheets.

    Raises:
        TfdogsError: a sheet is not an image, or of another size than the first.
    """
    sheets = story.excerpt(most) if most else ()
    if len(sheets) < 2:
        return None
    bar = _Bar(story.verdicts, probability)
    frames, shape = [], None
    for kimg, path in sheets:
        _, pixels = read_png(path)
        shape = shape or pixels.shape
        if pixels.shape != shape:
            raise TfdogsError(f"{path} is of another size than {sheets[0][1].name}; remove one of them")
        frames.append(_frame(_crop(pixels, columns, len(sheets)), kimg, bar))
    durations = [min(max(_RUN // len(frames), _PAUSES[0]), _PAUSES[1]) // 10 * 10] * len(frames)
    durations[0], durations[-1] = _FIRST, _LAST
    _save(frames, durations, folder)
    first, last = sheets[0][0], sheets[-1][0]
    return Film(*frames[0].size, len(frames), first, last, bar.verdict(last) is not None)


class _Bar:
    """Verdicts as shares of a bar."""

    def __init__(self, verdicts, probability):
        self._verdicts = [values for values in verdicts if all(map(math.isfinite, values))]
        self._probability = probability
        scores = [score for _, *pair in self._verdicts for score in pair]
        self._low, self._high = (0.0, 1.0) if probability or not scores else (min(scores), max(scores))

    def verdict(self, kimg):
        """Returns (d_real, d_fake) when a sheet was made, or None; its name has whole kimg only."""
        known = [pair for at, *pair in self._verdicts if at < kimg + 1]
        return known[-1] if known and kimg else None

    def share(self, score):
        return min(max((score - self._low) / ((self._high - self._low) or 1.0), 0.0), 1.0)

    def text(self, score):
        return f"{100 * score:.0f} % real" if self._probability else f"{score:.2f}"


def _crop(pixels, columns, frames):
    """Returns a sheet's first rows, as an image of a width that suits."""
    height, width = pixels.shape[:2]
    scale = max(1, math.ceil(_NARROWEST / width)) if width < _WIDEST else _WIDEST / width
    row = (height + 2) / columns  # an image and the gap below it
    rows = int(_PIXELS / (frames * width * row * scale**2))
    height = min(height, round(row * min(max(rows, 1), columns)) - 2)
    image = Image.fromarray(pixels[:height]).convert("RGB")
    if scale == 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)


def _frame(image, kimg, bar):
    width, height = image.size
    frame = Image.new("RGB", (width, height + _BAND), _PAPER)
    frame.paste(image)
    draw = ImageDraw.Draw(frame)
    font = ImageFont.load_default(_FONT)
    top, bottom = height + 8, height + _BAND - 10
    draw.text((_EDGE, top), f"{kimg:,} kimg", _INK, font)
    verdict = bar.verdict(kimg)
    if verdict is None:
        draw.text((width - _EDGE, top), "untrained" if not kimg else "", _SOFT, font, anchor="ra")
        draw.line((_EDGE, bottom, width - _EDGE, bottom), _RULE, 4)
        return frame
    real, fake = verdict
    said = bar.text(fake)
    draw.text((width - _EDGE, top), said, _FAKE, font, anchor="ra")
    left = width - _EDGE - font.getlength(f" {said}")
    draw.text((left, top), "connoisseur:", _SOFT, font, anchor="ra")
    room = width - 2 * _EDGE
    draw.line((_EDGE, bottom, width - _EDGE, bottom), _RULE, 4)
    draw.line((_EDGE, bottom, _EDGE + room * bar.share(fake), bottom), _FAKE, 4)
    mark = _EDGE + room * bar.share(real)
    draw.line((mark, bottom - 6, mark, bottom + 5), _REAL, 3)
    return frame


def _save(frames, durations, folder):
    first, *rest = map(_indexed, frames)
    animation = {"save_all": True, "duration": durations, "loop": 0}
    first.save(folder / GIF, "gif", append_images=rest, **animation)
    frames[0].save(folder / WEBP, "webp", append_images=frames[1:], quality=80, method=4, **animation)
    frames[-1].save(folder / STILL, "png")


def _indexed(frame):
    """Returns a frame in 256 colours, some of them the words' own, which images would crowd out."""
    words = [ImageColor.getrgb(colour) for colour in (_PAPER, _INK, _SOFT, _RULE, _FAKE, _REAL)]
    found = frame.quantize(
        256 - len(words), method=Image.Quantize.FASTOCTREE
    )  # median cut takes 100 times longer
    palette = Image.new("P", (1, 1))
    palette.putpalette([*found.getpalette()[: 3 * (256 - len(words))], *itertools.chain(*words)])
    return frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
