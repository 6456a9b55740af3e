"""One HTML file that shows what an evaluation found."""

import base64
import math
import string
from html import escape
from importlib import resources

import numpy as np
from PIL import Image

from tfdogs.metrics import curves
from tfdogs.metrics import history as histories
from tfdogs.metrics.evaluation import describe
from tfdogs.metrics.pairs import nearest_pairs, take
from tfdogs.metrics.wording import BETTER, MEANINGS, number
from tfdogs.sampling.grid import encode_png
from tfdogs.sampling.output import replacing

_EXTREMES = 14  # best images, and as many worst ones: two rows of seven; a phone has twelve of them
_PAIRS = 14
_BREEDS = 30  # most that get a bar
_SMALL, _LARGE = 128, 256  # pixels; as on the page of tfdogs.sampling


def write_report(evaluation, path, *, fakes=None, reals=None, history=None, marks=None):
    """Writes the report, one file that needs nothing outside it, aside and then renamed.

    Args:
        evaluation: `tfdogs.metrics.evaluation.Evaluation`.
        path: the `.html` file; one of that name is replaced.
        fakes: `ImageSet` of the generated images, image i the one of the evaluation's row i; without it no
            images are shown.
        reals: `ImageSet` of the real images, for the neighbours.
        history: the run's evaluations until now, lines of its `evaluations.jsonl`, for the curves.
        marks: what to compare with, text -> value. A value is a number, of the evaluation's first score, or a
            dict of numbers by the scores' names, such as {"cats": {"fid": 80.1, "kid": 0.09}}.

    Raises:
        TfdogsError: an image cannot be read, or the disk refuses.
    """
    text = render(evaluation, fakes=fakes, reals=reals, history=history, marks=marks)
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8", errors="backslashreplace")


def render(evaluation, *, fakes=None, reals=None, history=None, marks=None):
    """Returns the report's text; see `write_report`. Equal arguments give equal text."""
    marks = _marks_by_score(evaluation, marks or {})
    lines = [line for line in history or () if histories.comparable(line, history[-1])]
    shown = [] if fakes is None else take(fakes, [0])
    side = max(shown[0].shape[:2]) if shown else _SMALL
    text = resources.files("tfdogs.metrics").joinpath("report.html").read_text(encoding="utf-8")
    return string.Template(text).substitute(
        title="How real are they?",
        lede=_lede(evaluation),
        alarms=_alarms(evaluation, lines),
        scores=_scores(evaluation, marks),
        curves=curves.render(lines, marks if _comparable(evaluation, lines) else {}),
        extremes=_extremes(evaluation, fakes),
        neighbours=_neighbours(evaluation, fakes, reals),
        breeds=_breeds(evaluation),
        footer=_footer(evaluation),
        rendering="pixelated" if side < _SMALL else "auto",
        tile=min(side * max(1, round(_SMALL / side)), _LARGE),
    )


def _comparable(evaluation, lines):
    return bool(lines) and histories.comparable(lines[-1], evaluation.to_dict())


def _lede(evaluation):
    return (
        f"<b>{evaluation.num_fakes:,}</b> images ({escape(evaluation.fakes)}) beside "
        f"<b>{evaluation.num_reals:,}</b> real ones ({escape(evaluation.reals)}), "
        f"as {escape(evaluation.stamp.label)} sees them."
    )


def _alarms(evaluation, lines):
    """Returns a box of the evaluation's alarms; where it has none, of those of the history's last line."""
    alarms, title = evaluation.alarms, "Alarm"
    if not alarms and lines:
        alarms, title = lines[-1].get("alarms"), f"Alarm at {lines[-1]['kimg']:,.6g} kimg"
    if not alarms:
        return ""
    text = "".join(f"<p>{escape(alarm[:1].upper() + alarm[1:])}</p>" for alarm in alarms)
    return f'<div class="alarm" role="alert"><b>{title}</b>{text}</div>'


def _marks_by_score(evaluation, marks):
    """Returns score's name -> list of (text, value)."""
    found = {}
    for text, values in marks.items():
        if not isinstance(values, dict):
            values = {evaluation.scores[0].name: values}
        for name, value in values.items():
            if value is not None and math.isfinite(value):
                found.setdefault(name, []).append((str(text), float(value)))
    return found


def _scores(evaluation, marks):
    """Returns every score with its stamp and what it means."""
    rows = []
    for score in evaluation.scores:
        facts = [score.note] if score.note else []
        if score.num_fakes != evaluation.num_fakes:
            facts.append(f"{score.num_fakes:,} fakes")
        if score.num_reals not in (0, evaluation.num_reals):
            facts.append(f"{score.num_reals:,} reals")
        meaning = [MEANINGS.get(score.name, ""), f"({', '.join(facts)})" if facts else ""]
        value, _, error = number(score.value, score.error).partition(" ± ")
        metric, _, stamp = score.title.partition(" (")
        beside = "".join(f"<i>{escape(text)} {level:.3g}</i>" for text, level in marks.get(score.name, ()))
        rows.append(
            f"<div><dt><b>{escape(metric)}</b>{f' ({escape(stamp)}' if stamp else ''}</dt>"
            f"<dd><b>{value}</b>{error and f' <span>± {error}</span>'} <i>{BETTER[score.better]}</i></dd>"
            f"<dd>{escape(' '.join(filter(None, meaning)))}</dd>"
            f"{f'<dd class=marks>{beside}</dd>' if beside else ''}</div>"
        )
    left_out = "; ".join(f"{name} ({reason})" for name, reason in evaluation.left_out.items())
    note = f'<p class="note">Left out: {escape(left_out)}.</p>' if left_out else ""
    return f'<dl class="scores">\n{chr(10).join(rows)}\n</dl>\n{note}'


def _extremes(evaluation, fakes):
    """Returns the fakes of the highest and of the lowest realism."""
    if fakes is None or evaluation.realism is None:
        return ""
    realism = np.asarray(evaluation.realism)
    order = np.argsort(-realism, kind="stable")
    count = min(_EXTREMES, len(order) // 2)
    walls = []
    for kind, title, rows in (
        ("best", "Most real", order[:count]),
        ("worst", "Least real", order[::-1][:count]),
    ):
        images = take(fakes, rows)
        figures = (
            f'<figure><img src="{_inline(image)}" alt="Generated image {row}, realism {realism[row]:.2f}">'
            f"<figcaption>{realism[row]:.2f}</figcaption></figure>"
            for row, image in zip(rows, images)
        )
        walls.append(f'<div class="wall {kind}"><h3>{title}</h3>{chr(10).join(figures)}</div>')
    note = (
        "Not by anyone's taste: realism is how far inside the reals' neighbourhoods an image lies; from 1 "
        "on it is inside one of them (Kynkäänniemi et al. 2019)."
    )
    return _section("extremes", "The best and the worst", note, "".join(walls)) if count else ""


def _neighbours(evaluation, fakes, reals):
    """Returns the fakes that are nearest to a real image, each beside it."""
    if fakes is None or reals is None or evaluation.nearest is None:
        return ""
    pairs = nearest_pairs(*evaluation.nearest, _PAIRS)
    if not pairs:
        return ""
    drawn, known, distances = zip(*pairs)
    figures = (
        f'<figure><img src="{_inline(fake)}" alt="Generated image {row}">'
        f'<img src="{_inline(real)}" alt="Its nearest real image">'
        f"<figcaption>d {distance:.3f}</figcaption></figure>"
        for row, fake, real, distance in zip(drawn, take(fakes, drawn), take(reals, known), distances)
    )
    note = (
        "Above a fake, below the real image nearest to it: the closest pairs of all, each real image once. "
        "Where the generator has learned, they are alike; where it has copied, they are the same."
    )
    body = f'<div class="wall pairs">\n{chr(10).join(figures)}\n</div>'
    return _section("neighbours", "Learned or copied?", note, body)


def _breeds(evaluation):
    """Returns a bar for each of the commonest breeds that the fakes are taken for."""
    if evaluation.breeds is None:
        return ""
    counts = {name: count for name, count in evaluation.breeds.counts.items() if count}
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_BREEDS]
    if not common:
        return ""
    most = common[0][1]
    bars = "\n".join(
        f'<li><span title="{escape(name)}">{escape(name)}</span>'
        f'<i style="width:{100 * count / most:.1f}%"></i><b>{count:,}</b></li>'
        for name, count in common
    )
    missing = evaluation.breeds.missing
    kinds = len(counts) + len(missing)
    note = (
        f"What each fake is taken for among {kinds} kinds of dog. {len(counts)} of them appear"
        + (f", the {len(common)} commonest of which are shown" if len(common) < len(counts) else "")
        + f". The entropy is {evaluation.breeds.entropy:.2f} of at most {math.log(kinds):.2f} nats."
    )
    body = f'<ol class="breeds">\n{bars}\n</ol>'
    if missing:
        names = escape(", ".join(missing))
        body += f"<details><summary>{len(missing)} that none is taken for</summary><p>{names}</p></details>"
    return _section("breeds", "Breeds", note, body)


def _footer(evaluation):
    return (
        f"<p>Seen by {escape(describe(evaluation.stamp))}. tfdogs {escape(evaluation.version)}.</p>"
        "<p>Two numbers can be compared where this line and the numbers of images are the same.</p>"
    )


def _section(name, title, note, body):
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n'
        f'<p class="note">{note}</p>\n{body}\n</section>'
    )


def _inline(image):
    """Returns an image, uint8 [H, W, C], as a data URL; large ones are made smaller first."""
    if max(image.shape[:2]) > _LARGE:
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        picture.thumbnail((_LARGE, _LARGE), Image.Resampling.LANCZOS)
        image = np.asarray(picture)
    return "data:image/png;base64," + base64.b64encode(encode_png(image)).decode("ascii")
