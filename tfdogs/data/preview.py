"""The contact sheet of a preparation: crops of many classes with their class and source, to look at."""

import io
from pathlib import PurePath

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tfdogs.data.names import printable

COLUMNS, ROWS = 10, 8
TILE, GAP, LINE = 112, 8, 13  # pixels
INK, FAINT = "#222222", "#777777"


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
    rows = -(-len(chosen) // COLUMNS)
    cell = TILE + 2 * LINE + GAP
    header = 2 * LINE + 2 * GAP
    columns = COLUMNS if rows > 1 else max(len(chosen), 5)
    sheet = Image.new("RGB", (columns * (TILE + GAP) + GAP, header + rows * cell + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    small, large = ImageFont.load_default(10), ImageFont.load_default(13)
    numbers = ", ".join(f"{manifest.num_images(split):,} {split}" for split in manifest.splits)
    title = f"{numbers} images of {manifest.image_size} px, {len(manifest.classes)} classes"
    draw.text((GAP, GAP), title, INK, large)
    draw.text((GAP, GAP + LINE + 4), _fit(draw, _about(manifest), small, sheet.width - 2 * GAP), FAINT, small)
    for place, index in enumerate(chosen):
        row = spool.crops[index]
        picture = spool.pictures[row["picture"]]
        x, y = GAP + place % columns * (TILE + GAP), header + place // columns * cell
        image = Image.open(io.BytesIO(spool.png(index))).convert("RGB")
        enlarge = Image.Resampling.NEAREST if image.width < TILE // 2 else Image.Resampling.BICUBIC
        sheet.paste(image.resize((TILE, TILE), enlarge), (x, y))
        class_id, source = picture["class_id"], PurePath(spool.name(row["picture"])).name
        title = spool.class_names[class_id] if class_id >= 0 else source
        below = (source if class_id >= 0 else "") + (" (eval)" if index in in_eval else "")
        draw.text((x, y + TILE + 1), _fit(draw, title, small, TILE), INK, small)
        draw.text((x, y + TILE + LINE), _fit(draw, below.strip(), small, TILE), FAINT, small)
    sheet.save(path)


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
