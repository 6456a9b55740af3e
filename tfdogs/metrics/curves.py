"""The scores of a run over kimg, as a section of the report."""

import math
from html import escape

from tfdogs.metrics import chart
from tfdogs.metrics.wording import number

_FOREMOST = ("fid", "kid", "precision", "recall", "density", "coverage", "dog_score", "memorization_distance")


def render(lines, marks):
    """Returns the section, HTML, with a chart for every score that was taken at least twice, or "".

    Args:
        lines: comparable lines of a run's `evaluations.jsonl`, oldest first.
        marks: score's name -> list of (text, value): horizontal lines.
    """
    charts = []
    for name in sorted({name for line in lines for name in line["scores"]}, key=_rank):
        found = [line for line in lines if name in line["scores"]]
        levels = [*_untrained(name, lines[0]), *(marks.get(name) or _own_marks(name, lines[-1]))]
        if len(found) > 1 and not _repeats_fid(name, found):
            charts.append(_chart(name, found, levels, max(lines[-1]["kimg"], 0.001)))
    if not charts:
        return ""
    html = "\n".join(charts)
    legend = [("line", "the averaged generator")]
    if 'class="band"' in html:
        legend.append(("band", "one standard error"))
    if 'class="mark"' in html:
        legend.append(("mark", "to compare with"))
    if 'class="best"' in html:
        legend.append(("best", "the best generator, kept"))
    if 'class="alarmed"' in html:
        legend.append(("alarmed", "an alarm"))
    items = "".join(f'<span><i class="{kind}"></i>{text}</span>' for kind, text in legend)
    return (
        '<section aria-labelledby="curves">\n<h2 id="curves">Over training</h2>\n'
        f'<p class="note">The same {lines[-1]["num_fakes"]:,} latents every time, beside '
        f"{lines[-1]['num_reals']:,} real images.</p>\n"
        f'<div class="charts">\n{html}\n</div>\n<p class="legend">{items}</p>\n</section>'
    )


def _rank(name):
    return (_FOREMOST.index(name) if name in _FOREMOST else len(_FOREMOST), name)


def _repeats_fid(name, lines):
    """Tells whether a score is a MiFID that no suspicion ever set apart from the FID."""
    return name.startswith("mifid") and all(
        "fid" in line["scores"]
        and math.isclose(line["scores"][name]["value"], line["scores"]["fid"]["value"])
        for line in lines
    )


def _untrained(name, line):
    """Returns what the generator scored before it had seen an image, where the run evaluated that."""
    return (
        [("untrained", line["scores"][name]["value"])] if line["kimg"] == 0 and name in line["scores"] else []
    )


def _own_marks(name, line):
    """Returns what the evaluation itself says of the reals."""
    spread = line.get("spread", {}).get("reals", {})
    text, value = {
        "memorization_distance": ("unseen real images", line.get("memorization", {}).get("natural_distance")),
        "effective_dimension": ("real images", spread.get("effective_dimension")),
        "breeds_entropy": ("real images", spread.get("breed_entropy")),
    }.get(name, ("", None))
    return [] if value is None else [(text, value)]


def _chart(name, lines, marks, kimg):
    scores = [line["scores"][name] for line in lines]
    drawn = chart.draw(
        [(line["kimg"], score["value"], score["error"]) for line, score in zip(lines, scores)],
        kimg,
        marks=marks,
        distance=scores[-1]["better"] == "lower",
    )
    texts = [
        f"{number(score['value'], score['error'])} at {line['kimg']:,.6g} kimg"
        for line, score in zip(lines, scores)
    ]
    best = max((place for place, line in enumerate(lines) if line.get("best")), default=None)
    dots = "".join(
        f'<i{_kind(line, place == best)} style="left:{x:.2f}%;top:{y:.2f}%" title="{text}"></i>'
        for place, (line, (x, y), text) in enumerate(zip(lines, drawn.dots, texts))
    )
    rules = "".join(f"M0 {y:.2f}H100" for y, _ in drawn.ticks)
    ticks = "".join(f'<span style="top:{y:.2f}%">{text}</span>' for y, text in drawn.ticks)
    dashes = "".join(f'<path class="mark" d="M0 {y:.2f}H100"/>' for y, _, _ in drawn.marks)
    labels = "".join(
        f'<span class="{"left" if left else "right"}{" under" if y < 12 else ""}" style="top:{y:.2f}%">'
        f"{escape(text)}</span>"
        for y, text, left in drawn.marks
    )
    band = f'<path class="band" d="{drawn.band}"/>' if drawn.band else ""
    scale = "logarithmic" if drawn.logarithmic else ""
    metric, _, stamp = (escape(part) for part in scores[-1]["title"].partition(" ("))
    caption = f"<b>{metric}</b>{stamp and f' ({stamp}'}<output>{texts[-1]}</output>"
    axis = f"<span>0</span><span>{scale}</span><span>{kimg:,.6g} kimg</span>"
    return (
        f"<figure><figcaption>{caption}</figcaption>\n"
        f'<div class="plot"><div class="ticks">{ticks}</div>\n<div class="area">'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<path class="rule" d="{rules}"/>{band}{dashes}<path class="line" d="{drawn.line}"/></svg>\n'
        f'{labels}{dots}</div>\n<div class="axis">{axis}</div></div></figure>'
    )


def _kind(line, best):
    if best:
        return ' class="best"'
    return ' class="alarmed"' if line.get("alarms") else ""
