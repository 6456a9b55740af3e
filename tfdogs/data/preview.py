"""The contact sheets of a preparation, to look at: crops of many classes, and rejected ones by reason."""

import io
from pathlib import PurePath

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfdogs.data.doctor import CHECKS
from tfdogs.data.names import printable

COLUMNS, ROWS = 10, 8
TILE, GAP, LINE = 112, 8, 13  # pixels
INK, FAINT = "#222222", "#777777"
# What the measure of a reason is, where no check of the doctor says so.
_ABOUT = {
    "blurred": "How soft: sigma of a Gaussian in pixels of the image (rejects.csv says the limit).",
    "exact_duplicate": "Equal to an earlier crop, which rejects.csv names.",
    "near_duplicate": "In how many of 63 bits the hash differs from an earlier crop's (see rejects.csv).",
    "repeated_box": "How alike the box is to an earlier one of the same picture.",
    "repeated_crop": "How alike the crop is to that of another dog of the picture, which was kept.",
}
_CELL = TILE + 2 * LINE + GAP
_HEADER = 2 * LINE + 2 * GAP


def save(spool, orders, manifest, path, *, seed=0):
    """Writes a sheet of up to 80 crops, taken from all classes in turn.

    Args:
        spool: `tfdogs.data.shards.Spool`.
        orders: indices of the written crops, by split name.
        manifest: their `Manifest`.
        path: the PNG to write.
        seed: of the choice of crops.
    """
    chosen = _choose(spool, np.concatenate(list(orders.values())), np.random.default_rng(seed))
    in_eval = set(orders["eval"].tolist())
    numbers = ", ".join(f"{manifest.num_images(split):,} {split}" for split in manifest.splits)
    title = f"{numbers} images of {manifest.image_size} px, {len(manifest.classes)} classes"
    tiles = []
    for index in chosen:
        row = spool.crops[index]
        picture = spool.pictures[row["picture"]]
        class_id, source = picture["class_id"], PurePath(spool.name(row["picture"])).name
        above = spool.class_names[class_id] if class_id >= 0 else source
        below = (source if class_id >= 0 else "") + (" (eval)" if index in in_eval else "")
        tiles.append((spool.png(index), above, below.strip()))
    _Sheet([(title, _about(manifest), tiles)]).save(path)


def save_rejects(rejects, path):
    """Writes a sheet of rejected crops: for each reason up to 20, with their measure and source.

    Where no crop was rejected there is no sheet.

    Args:
        rejects: `tfdogs.data.rejects.Rejects`.
        path: the PNG to write.
    """
    sections = []
    for reason, examples in rejects.examples().items():
        tiles = []
        for name, finding, image in examples:
            measure = "" if finding.measure is None else f"{finding.measure:.3g}"
            tiles.append((image, measure or reason, PurePath(name).name))
        number = rejects.reasons[reason]
        title = f"{reason}: {number:,}" + (f", {len(tiles)} of them" if len(tiles) < number else "")
        about = _ABOUT.get(reason) or (CHECKS[reason][0].__doc__.split("\n")[0] if reason in CHECKS else "")
        sections.append((title, about, tiles))
    if sections:
        _Sheet(sections).save(path)


class _Sheet:
    """Rows of tiles under headings.

    Args:
        sections: list of (title, line below it, tiles); a tile is (encoded image, line, second line).
    """

    def __init__(self, sections):
        most = max(len(tiles) for *_, tiles in sections)
        self._columns = COLUMNS if most > COLUMNS else max(most, 5)
        heights = [_HEADER + -(-len(tiles) // self._columns) * _CELL for *_, tiles in sections]
        size = self._columns * (TILE + GAP) + GAP, sum(heights) + GAP
        self._image = Image.new("RGB", size, "white")
        self._draw = ImageDraw.Draw(self._image)
        self._small, self._large = ImageFont.load_default(10), ImageFont.load_default(13)
        top = 0
        for (title, about, tiles), height in zip(sections, heights):
            self._head(top, title, about)
            for place, tile in enumerate(tiles):
                row, column = divmod(place, self._columns)
                self._tile(GAP + column * (TILE + GAP), top + _HEADER + row * _CELL, *tile)
            top += height

    def save(self, path):
        """Writes the sheet as PNG."""
        buffer = io.BytesIO()  # what Pillow says of a full disk does not name it
        self._image.save(buffer, "png")
        path.write_bytes(buffer.getvalue())

    def _head(self, top, title, about):
        width = self._image.width - 2 * GAP
        self._draw.text((GAP, top + GAP), _fit(self._draw, title, self._large, width), INK, self._large)
        about = _fit(self._draw, about, self._small, width)
        self._draw.text((GAP, top + GAP + LINE + 4), about, FAINT, self._small)

    def _tile(self, x, y, encoded, above, below):
        image = Image.open(io.BytesIO(encoded)).convert("RGB")
        enlarge = Image.Resampling.NEAREST if image.width < TILE // 2 else Image.Resampling.BICUBIC
        self._image.paste(image.resize((TILE, TILE), enlarge), (x, y))
        lines = ((above, INK, TILE + 1), (below, FAINT, TILE + LINE))
        for text, colour, down in lines:
            self._draw.text((x, y + down), _fit(self._draw, text, self._small, TILE), colour, self._small)


def _choose(spool, written, rng):
    """Returns up to a sheetful of `written`: one of each class, then a second, and so on; by class."""
    written = rng.permutation(np.sort(written))
    classes = spool.pictures["class_id"][spool.crops["picture"][written]]
    turn = np.empty(len(written), np.int64)
    for class_id in np.unique(classes):
        mask = classes == class_id
        turn[mask] = np.arange(mask.sum())
    chosen = np.argsort(turn, kind="stable")[: COLUMNS * ROWS]
    names = [spool.class_names[c] if c >= 0 else "" for c in classes[chosen]]
    return [int(written[i]) for _, i in sorted(zip(names, chosen.tolist()))]


def _about(manifest):
    flags = manifest.provenance["flags"]
    crops = manifest.counts["crops"]
    return f"{flags['images']}, --crop={flags['crop']}: {crops['kept']:,} of {crops['cut']:,} crops kept"


def _fit(draw, text, font, width):
    """Shortens a text to a width in pixels; what the font lacks becomes a question mark."""
    # A line break would be drawn as one, and text of several lines cannot be measured.
    text = printable(text, 200).encode("latin-1", "replace").decode("latin-1")
    if draw.textlength(text, font) <= width:
        return text
    while text and draw.textlength(text + "...", font) > width:
        text = text[:-1]
    return text + "..."
