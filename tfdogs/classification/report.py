"""One HTML file that shows what a study found."""

import base64
import dataclasses
import os
from html import escape
from pathlib import Path

import numpy as np

from tfdogs.classification.plot import Line, figure
from tfdogs.classification.point import REAL, SYNTHETIC
from tfdogs.classification.results import listed, percent
from tfdogs.sampling.facts import command_line, last_part
from tfdogs.sampling.grid import encode_png, tile
from tfdogs.sampling.output import replacing
from tfdogs.sampling.page import entries, fill

FILE_NAME = "report.html"
_SHOWN = 16  # images a class and kind
_CLASSES = 8  # most that are shown
_SMALL = 128  # pixels; smaller images are enlarged, and their pixels show
_COLORS = {REAL: "var(--real)", SYNTHETIC: "var(--fake)"}


def write(results, path, *, reals, fakes=None):
    """Writes the report, one file that needs nothing outside it, aside and then renamed.

    Args:
        results: `tfdogs.classification.results.Results`.
        path: the `.html` file; one of that name is replaced.
        reals: by label, uint8 images [N, H, W, C].
        fakes: label -> generated ones; default: none.

    Raises:
        TfdogsError: the disk refuses.
    """
    text = render(results, reals=reals, fakes=fakes)
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8", errors="backslashreplace")


def render(results, *, reals, fakes=None):
    """Returns the report's text; see `write`. Equal arguments give equal text."""
    return fill(
        "report.html",
        package="tfdogs.classification",
        title="Do generated images teach?",
        lede=_lede(results),
        card=entries(_card(results)),
        rows=_rows(results),
        kinds="".join(
            f'<th scope="col">Tested {escape(_on(results, kind))}</th>' for kind in results.num_tests
        ),
        notes="".join(f"<li>{escape(note)}</li>" for note in results.notes()),
        shares=_shares(results),
        early=_early(results),
        recall=_recall(results),
        samples=_samples(results, reals, fakes or {}),
        rendering="pixelated" if reals[0].shape[1] < _SMALL else "auto",
        command=escape(_command(results.config)),
        flags=entries((f"--{name}", str(value)) for name, value in _settings(results.config).items()),
    )


def _lede(results):
    rows = {row.fraction: row for row in results.rows}
    told = f"GoogLeNet learns to tell {listed(results.classes)} apart"
    if 0.0 not in rows or len(rows) < 2:
        return escape(f"{told}, and is asked about images that it has not seen.")
    last = rows[max(rows)]
    lessons = f"images{results.of_mixed}" if results.of_mixed else "lessons"
    alone, mixed = (percent(row.accuracy[REAL]) for row in (rows[0.0], last))
    return (
        f"{escape(told)}. From real images alone it gets <b>{alone}</b> of new real ones right; with "
        f"<b>{100 * last.fraction:.4g}&nbsp;%</b> of its {escape(lessons)} generated, <b>{mixed}</b>."
    )


def _on(results, kind):
    """Returns what an accuracy is measured on, in words."""
    return f"on generated images{results.of_mixed}" if kind == SYNTHETIC else "on real images"


def _card(results):
    config, counts = results.config, results.num_tests
    yield "Data", last_part(config.data_dir)
    yield "To learn from", f"{results.per_class:,} a class"
    yield "Real test images", f"{counts[REAL]:,}"
    if SYNTHETIC in counts:
        yield "Generated test images", f"{counts[SYNTHETIC]:,}{results.of_mixed}"
    yield "Network", f"GoogLeNet, width {config.width:g}"
    yield "Epochs", f"{config.epochs}"
    yield "Networks", f"{len(results.points)}"


def _rows(results):
    html = []
    for row in results.rows:
        cells = "".join(
            f"<td><b>{percent(row.accuracy[kind])}</b>"
            f"<small>{100 * low:.2f} to {100 * high:.2f} %</small></td>"
            for kind, (low, high) in row.binomial.items()
        )
        beside = percent(row.difference, signed=True) if row.difference else ""
        html.append(
            f'<tr><th scope="row">{_share(results, row)}</th><td>{len(row.seeds)}</td>{cells}'
            f"<td>{beside}</td></tr>"
        )
    return "\n".join(html)


def _share(results, row):
    """Returns what was generated, HTML."""
    return escape(f"{100 * row.fraction:.4g} %{results.of_mixed}")


def _shares(results):
    """Returns the accuracy over the share of generated images, or nothing for a single share."""
    if len(results.rows) < 2:
        return ""
    lines = []
    for kind in results.num_tests:
        points = []
        for row in results.rows:
            value, half = row.accuracy[kind]
            low, high = (min(max(value + sign * (half or 0.0), 0.0), 1.0) for sign in (-1, 1))
            points.append((100 * row.fraction, value, low, high))
        lines.append(Line(f"tested {_on(results, kind)}", tuple(points), _COLORS[kind]))
    note = "Every network has learned from as many images; only where they come from differs. Bars: ±."
    of = results.of_mixed
    unit = f"%{of} generated"
    shown = figure("Accuracy after the last epoch", lines, start=0, end=100, unit=unit, bars=True)
    title = f"From all real to all images{escape(of)} generated" if of else "From all real to all generated"
    return _section("shares", title, note, f'<div class="wide">{shown}</div>')


def _early(results):
    """Returns the accuracy on real images while networks learn: the first epoch, and all of them."""
    charts, of = [], results.of_mixed
    for title, last in (("The first epoch", 1.0), ("All epochs", float(results.config.epochs))):
        lines = [
            Line(f"{100 * row.fraction:.4g} %{of} generated", _course(results.of(row.fraction), last), color)
            for row, color in zip(results.rows, _scale(results.rows))
        ]
        unit = "epoch" if last == 1 else "epochs"
        charts.append(figure(title, lines, start=0, end=last, unit=unit))
        if results.config.epochs == 1:
            break
    note = (
        "Accuracy on real images that no network learns from, the mean of the seeds; the band goes from the "
        "worst of them to the best."
    )
    return _section("early", "How soon", note, f'<div class="charts">\n{chr(10).join(charts)}\n</div>')


def _course(points, last):
    """Returns (epoch, mean, lowest, highest) of the points' accuracy on real images up to an epoch."""
    courses = [[line for line in point.curve if line["epoch"] <= last] for point in points.values()]
    found = []
    for lines in zip(*courses):
        values = [line[REAL] for line in lines]
        found.append((lines[0]["epoch"], float(np.mean(values)), min(values), max(values)))
    return tuple(found)


def _scale(rows):
    """Yields a colour a share, from that of real to that of generated images."""
    for row in rows:
        yield f"color-mix(in oklch, var(--fake) {100 * row.fraction:.4g}%, var(--real))"


def _recall(results):
    """Returns each class's share that was told right, real test images only."""
    if len(results.classes) > 4 * _CLASSES:
        return ""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in results.classes)
    rows = []
    for row in results.rows:
        recall = np.mean([point.recall[REAL] for point in results.of(row.fraction).values()], axis=0)
        cells = "".join(f"<td>{100 * share:.2f} %</td>" for share in recall)
        rows.append(f'<tr><th scope="row">{_share(results, row)}</th>{cells}</tr>')
    body = (
        f'<div class="scroll"><table><thead><tr><th scope="col">Generated</th>{heads}</tr></thead>\n'
        f"<tbody>{chr(10).join(rows)}</tbody></table></div>"
    )
    return _section("recall", "Class by class", "Share of a class's real test images told right.", body)


def _samples(results, reals, fakes):
    parts = []
    for label, name in list(enumerate(results.classes))[:_CLASSES]:
        kinds = {REAL: reals[label], **({SYNTHETIC: fakes[label]} if label in fakes else {})}
        for kind, images in kinds.items():
            sheet = encode_png(tile(np.asarray(images[:_SHOWN]), columns=8))
            data = base64.b64encode(sheet).decode("ascii")
            word = "Real" if kind == REAL else "Generated"
            parts.append(
                f'<figure class="{kind}"><figcaption><b>{word}</b> {escape(name)}</figcaption>'
                f'<img src="data:image/png;base64,{data}" alt="{word} images of {escape(name)}"></figure>'
            )
    note = "Some of what the networks learned from, not picked."
    return _section("samples", "The lessons", note, f'<div class="sheets">\n{chr(10).join(parts)}\n</div>')


def _settings(config):
    """Returns flags and their values as a reader may see them: of paths only the last part."""
    values = config.to_dict()
    for name in ("data_dir", "output_dir"):
        values[name] = last_part(values[name])
    values["gan_flagfile"] = ",".join(_below_the_folder_of_all(config.gan_flagfiles))
    values["fakes"] = ",".join(f"{name}={last_part(path)}" for name, path in config.fake_paths.items())
    return values


def _below_the_folder_of_all(paths):
    """Returns what tells files apart: a recipe and its small version have the same name."""
    files = [Path(path).resolve() for path in paths]
    folder = os.path.commonpath([file.parent for file in files]) if files else None
    return [file.relative_to(folder).as_posix() for file in files]


def _command(config):
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    given = {name: value for name, value in _settings(config).items() if value != defaults[name]}
    off = {f"no{name}": True for name, value in given.items() if value is False}
    return command_line("tfdogs.classify", {**given, **off})


def _section(name, title, note, body):
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n'
        f'<p class="note">{note}</p>\n{body}\n</section>'
    )
