"""The gallery: from a run or a folder of images to a folder that opens in a browser."""

import dataclasses
import json
import re
from pathlib import Path

from tfdogs.aside import alone_at
from tfdogs.data.manifest import FILE_NAME, Manifest
from tfdogs.errors import TfdogsError
from tfdogs.exhibition import board, curation, exhibits, page, quiz, scored
from tfdogs.exhibition.collected import Collected
from tfdogs.exhibition.drawn import Drawn
from tfdogs.metrics.image_sets import DataDir, open_images
from tfdogs.progress import say
from tfdogs.sampling import output
from tfdogs.sampling.facts import command_line, last_part
from tfdogs.training.data_card import find_data

_PAGE, _STYLE, _SCRIPT = "index.html", "style.css", "gallery.js"
_OURS = re.compile(
    r"index\.html|style\.css|gallery\.js|seeds\.csv|film\.(gif|webp|png)"
    r"|images(/image_\d{5,}\.png)?|quiz(/\d{2,3}\.png)?"
)
_PATHS = ("model_dir", "images", "output_dir", "reals", "scores")


def build(config, *, run=None, extractor=None):
    """Hangs images and writes the gallery to `config.output_dir`, where it appears as a whole or not at all.

    Args:
        config: `tfdogs.exhibition.config.GalleryConfig`.
        run: `tfdogs.training.run.LoadedRun`; default: the one in `config.model_dir`.
        extractor: for `config.curate` "dog_score", a `tfdogs.metrics.extractors.extractor.Extractor` with
            ImageNet's classes; default EfficientNet-Lite0.

    Raises:
        UsageError: the output cannot be used; a path does not lead to a run, images or scores; what was
            picked or dropped is not there, or nothing is left.
        TfdogsError: an image, the run or its data is damaged, or the disk failed.
    """
    _check_output(config)
    with alone_at(config.output_dir):
        _check_output(config)  # nobody else writes it from now on
        _build(config, run, extractor)


def _check_output(config):
    output.check(
        config.output_dir,
        folder=True,
        overwrite=config.overwrite,
        flag="output_dir",
        command="tfdogs.gallery",
        foreign=_foreign,
    )


def _build(config, run, extractor):
    show = Drawn(config) if config.model_dir else Collected(config)
    files = (scored.of_file(config.scores),) if config.scores else ()
    ranking = _board(config)
    reals = _reals(config, show)
    show.open(run)
    with output.replacing(config.output_dir, folder=True) as folder:
        images = folder / exhibits.FOLDER
        images.mkdir()
        hung = show.hang(images, extractor=extractor)
        exhibits.write_seeds(hung, folder / output.SEEDS_FILE)
        contents = page.Contents(
            title=config.title,
            lede=show.lede(len(hung)),
            choice=curation.sentence(config, len(hung), show),
            exhibits=hung,
            generated=show.generated,
            card=show.card,
            scored=(*files, *show.scored),
            board=ranking,
            quiz=_quiz(config, hung, folder, *reals) if reals else None,
            film=show.film(folder),
            probability=show.probability,
            credits=tuple(config.credits.replace("\\n", "\n").splitlines()),
            command=_command(config),
        )
        html = page.render(contents)
        (folder / _PAGE).write_text(html, encoding="utf-8", errors="backslashreplace")
        (folder / _STYLE).write_text(page.style(len(hung)), encoding="utf-8")
        (folder / _SCRIPT).write_text(page.script(), encoding="utf-8")
    print(f"{Path(config.output_dir, _PAGE)}: {contents.choice}")


def _foreign(folder):
    """Returns the name of something in a folder that is not of a gallery, or None."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not _OURS.fullmatch(name):
            return name
    index = folder / _PAGE
    if not index.is_file():
        return f"no {_PAGE}"
    return None if page.MARK in index.read_text(encoding="utf-8", errors="replace") else f"a foreign {_PAGE}"


def _board(config):
    """Returns the `Board` of --runs, the run of the gallery among them, or None."""
    if not config.runs:
        return None
    runs = {Path(path).resolve(): path for path in (config.model_dir, *config.run_dirs) if path}
    contenders = {place: board.read(path, config.rank_by) for place, path in runs.items()}
    own = contenders[Path(config.model_dir).resolve()] if config.model_dir else None
    return board.rank(list(contenders.values()), config.rank_by, own=own)


def _reals(config, show):
    """Returns (`ImageSet` of real images, what they are) for the sheet, or None for no sheet."""
    if not config.quiz:
        return None
    if config.reals:
        if Path(config.reals, FILE_NAME).is_file():
            images, split = _data_dir(config.reals)
            return images, f"the {split} split of {last_part(config.reals)}"
        return open_images(config.reals, flag="reals"), last_part(config.reals)
    if not show.data_dir:
        return None
    try:
        images, split = _data_dir(find_data(config.model_dir, show.data_dir))
        card = json.loads(Path(config.model_dir, "data.json").read_text(encoding="utf-8"))
        if images.manifest.fingerprint != card["fingerprint"]:
            raise TfdogsError(f"{show.data_dir} was prepared anew since")
    except (TfdogsError, OSError, ValueError, KeyError, TypeError) as e:
        say(f"no sheet of real images: {e}")
        return None
    name = last_part(show.data_dir)
    seen = "new to the network" if split == "eval" else "which the network has learned from"
    return images, f"out of the {split} split of {name}, {seen}"


def _data_dir(path):
    """Returns a data_dir's eval split, or where it has none its train split, and its name."""
    manifest = Manifest.load(path)
    split = "eval" if "eval" in manifest.splits and manifest.num_images("eval") else "train"
    return DataDir(path, split=split), split


def _quiz(config, hung, folder, reals, name):
    (folder / quiz.FOLDER).mkdir()
    return quiz.write(
        hung,
        folder / exhibits.FOLDER,
        reals,
        folder=folder / quiz.FOLDER,
        count=config.quiz,
        seed=config.seed,
        name_of_reals=name,
    )


def _command(config):
    """Returns the command line that was given, with all its files in the current folder."""
    given = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == field.default or field.name == "overwrite":
            continue
        if field.name in _PATHS:
            value = last_part(value)
        elif field.name == "runs":
            value = ",".join(map(last_part, config.run_dirs))
        given[field.name] = value
    return command_line("tfdogs.gallery", given)
