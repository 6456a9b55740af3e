"""One HTML file that tells a run's story: from noise to what it draws now."""

import base64
import io
import string
from html import escape
from importlib import resources

from PIL import Image

from tfdogs.sampling import curve
from tfdogs.sampling.grid import encode_png
from tfdogs.sampling.images import label_name
from tfdogs.sampling.story import read_png

_SHEETS = 16  # most sheets on a page: at 64 px each weighs half a megabyte
_SMALL = 128  # pixels; smaller images are enlarged by a whole number, and their pixels show
_LARGE = 256  # pixels; larger images are shown at this size
_SMALL_SHEET = 300  # pixels; a smaller sheet is enlarged, and its pixels show
_GAP = 2  # pixels between the images of a sheet


def render(facts, story, pictures, *, kimg, classes=(), probability=True):
    """Returns the page: nothing outside it is needed, no date is in it, equal arguments give equal text.

    Args:
        facts: `tfdogs.sampling.facts.Facts`.
        story: `tfdogs.sampling.story.Story`; a section for which it has nothing is left out.
        pictures: `tfdogs.sampling.drawing.Picture`s for the wall, at least one.
        kimg: thousands of images that the run has seen.
        classes: class names, by label.
        probability: whether the verdicts are probabilities.

    Raises:
        TfdogsError: a sheet of the run is not an image.
    """
    pictures = list(pictures)
    last = max(kimg, *(sheet_kimg for sheet_kimg, _ in story.sheets), 0.001)
    side = max(Image.open(io.BytesIO(pictures[0].png)).size)
    return fill(
        "page.html",
        title=escape(facts.title),
        lede=escape(facts.lede),
        card=entries(facts.card),
        flags=entries(facts.flags),
        command=escape(facts.command),
        rendering="pixelated" if side < _SMALL else "auto",
        tile=min(side * max(1, round(_SMALL / side)), _LARGE),
        way=_way(story, side),
        verdict=_verdict(story.verdicts, last, probability),
        wall="\n".join(_figure(picture, classes) for picture in pictures),
        count=f"{len(pictures):,}",
        last=f"{last:.10g}",
    )


def fill(name, *, package="tfdogs.sampling", **values):
    """Returns the template of this file name in `package`, its `$names` filled in with HTML."""
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    return string.Template(text).substitute(values)


def entries(pairs):
    """Returns (name, value) pairs of plain text as the entries of a `<dl>`, escaped."""
    return "\n".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs)


def _figure(picture, classes):
    label = label_name(picture.label, classes)
    label = f"class {label}" if label.isdigit() else label
    alt = f"Generated image, seed {picture.seed}" + (f", {label}" if label else "")
    below = f"<span>{escape(label)}</span>" if label else ""
    return (
        f'<figure><img src="{_inline(picture.png)}" alt="{escape(alt)}">'
        f"<figcaption>seed {picture.seed}{below}</figcaption></figure>"
    )


def _way(story, side):
    """Returns the sheets with their slider, or nothing for a run without sheets."""
    sheets = story.excerpt(_SHEETS)
    if not sheets:
        return ""
    final, corner = len(sheets) - 1, 2 * side + _GAP
    images, film = [], []
    for place, (kimg, path) in enumerate(sheets):
        data, pixels = read_png(path)
        hidden = "" if place == final else " hidden"
        images.append(
            _sheet(data, pixels, f"Generated images at {kimg} kimg", f' data-kimg="{kimg}"{hidden}')
        )
        film.append(
            f'<button type="button" tabindex="-1" data-place="{place}">'
            f'<img src="{_inline(encode_png(pixels[:corner, :corner]))}" alt=""><span>{kimg}</span></button>'
        )
    reals = (
        "" if story.reals is None else _sheet(*read_png(story.reals), "Real images from the training data")
    )
    return fill(
        "way.html",
        images="\n".join(images),
        film="\n".join(film),
        reals=reals,
        no_reals="" if reals else "hidden",
        final=final,
        kimg=sheets[-1][0],
        shown=f"{len(sheets)} of {len(story.sheets)} sheets" if len(sheets) < len(story.sheets) else "",
    )


def _sheet(data, pixels, alt, attributes=""):
    height, width = pixels.shape[:2]
    small = ' class="small"' if width < _SMALL_SHEET else ""
    return f'<img src="{_inline(data)}" alt="{alt}" width="{width}" height="{height}"{small}{attributes}>'


def _verdict(verdicts, last, probability):
    """Returns the discriminator's curve, or nothing where there is none to draw."""
    lines = curve.draw(verdicts, last, probability=probability)
    if lines is None:
        return ""
    _, real, fake = verdicts[-1]
    if probability:
        real, fake = f"{100 * real:.0f} %", f"{100 * fake:.0f} %"
        meaning = (
            "How sure it is that an image is real. Where both lines meet at 50&nbsp;%, it can only guess."
        )
    else:
        real, fake = f"{real:.3g}", f"{fake:.3g}"
        meaning = "Its mean score. The closer the lines, the harder it is to tell one from the other."
    return fill(
        "verdict.html",
        reals=lines.reals,
        fakes=lines.fakes,
        ticks="\n".join(f'<span style="top:{y:g}%">{text}</span>' for y, text in lines.ticks),
        last=f"{last:,.10g}",
        real=real,
        fake=fake,
        meaning=meaning,
    )


def _inline(png):
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
