"""The gallery's page."""

import re
from html import escape
from importlib import resources
from typing import Any, NamedTuple, Optional

from tfdogs.exhibition import film, quiz, wall
from tfdogs.exhibition.exhibits import FOLDER
from tfdogs.metrics.evaluation import describe
from tfdogs.metrics.wording import BETTER, MEANINGS, number
from tfdogs.sampling.page import entries, fill

PACKAGE = "tfdogs.exhibition"
MARK = '<meta name="generator" content="tfdogs.gallery">'  # tells our folders from others'
_SMALL = (
    128  # pixels; smaller images are enlarged with their pixels showing, as on the pages of tfdogs.sampling
)


class Contents(NamedTuple):
    """What is on the page; plain text, not yet escaped.

    Attributes:
        title: the headline.
        lede: the sentence below it.
        choice: the sentence that says who chose the images.
        exhibits: `tfdogs.exhibition.exhibits.Exhibit`s, at least one.
        generated: whether it is known that a network has drawn them.
        card: (name, value) pairs.
        scored: `tfdogs.exhibition.scored.Scored`s.
        board: `tfdogs.exhibition.board.Board`, or None.
        quiz: `tfdogs.exhibition.quiz.Quiz`, or None.
        film: `tfdogs.exhibition.film.Film`, or None.
        probability: whether the film's verdicts are probabilities.
        credits: lines of text.
        command: the command that makes the gallery again.
    """

    title: str
    lede: str
    choice: str
    exhibits: list
    generated: bool
    card: tuple
    scored: tuple
    board: Any
    quiz: Optional[quiz.Quiz]
    film: Optional[film.Film]
    probability: bool
    credits: tuple
    command: str


def render(contents):
    """Returns the page, `index.html`. No date is in it; equal contents give equal text."""
    side = max(max(exhibit.width, exhibit.height) for exhibit in contents.exhibits)
    return fill(
        "index.html",
        package=PACKAGE,
        mark=MARK,
        title=escape(contents.title),
        lede=escape(contents.lede),
        choice=escape(contents.choice),
        size="small" if side < _SMALL else "large",
        wall="\n".join(_tile(exhibit, contents.generated) for exhibit in contents.exhibits),
        quiz=_quiz(contents.quiz),
        film=_film(contents.film, contents.probability),
        card=_card(contents),
        board=_board(contents.board),
        credits="<br>\n".join(map(escape, contents.credits)),
        command=escape(contents.command),
    )


def style(count):
    """Returns the style sheet, `style.css`, of a wall of `count` images."""
    return fill("style.css", package=PACKAGE, wall=wall.css(count))


def script():
    """Returns the script, `gallery.js`; the page shows everything without it too."""
    return resources.files(PACKAGE).joinpath("gallery.js").read_text(encoding="utf-8")


def _tile(exhibit, generated):
    if exhibit.seed is None:
        said = f"number {exhibit.number}"
    elif exhibit.seed == exhibit.number:
        said = f"seed {exhibit.seed}"
    else:
        said = f"number {exhibit.number}, seed {exhibit.seed}"
    label = f"class {exhibit.label}" if exhibit.label.isdigit() else exhibit.label
    said = f"{said}, {label}" if label else said
    alt = f"{'Generated image' if generated else 'Image'}, {said}"
    return (
        f'<li><a id="image-{exhibit.number}" href="{FOLDER}/{exhibit.name}" data-said="{escape(said)}">'
        f'<img src="{FOLDER}/{exhibit.name}" alt="{escape(alt)}" width="{exhibit.width}" '
        f'height="{exhibit.height}" loading="lazy" decoding="async"></a></li>'
    )


def _quiz(sheet):
    if sheet is None:
        return ""
    count = len(sheet.answers)
    items = "\n".join(
        f"<li{' class=real' if real else ''}><label>"
        f'<img src="{quiz.FOLDER}/{quiz.name(place)}" alt="Picture {place + 1} of {count}" '
        f'width="{sheet.side}" height="{sheet.side}" loading="lazy" decoding="async">'
        f'<span><input type="checkbox">{place + 1}<b>{"real" if real else "drawn"}</b></span></label></li>'
        for place, real in enumerate(sheet.answers)
    )
    reals = ", ".join(str(place + 1) for place, real in enumerate(sheet.answers) if real)
    return fill(
        "quiz.html",
        package=PACKAGE,
        items=items,
        answers=reals,
        count=count,
        half=count // 2,
        side=sheet.side,
        reals=escape(sheet.reals),
    )


def _film(made, probability):
    if made is None:
        return ""
    if not made.verdict:
        verdict = ""
    elif probability:
        verdict = (
            "Below them, how sure the connoisseur, the discriminator, is that they are real. The mark on the "
            "bar is what it says of real images: where the two meet at 50&nbsp;%, it can only guess."
        )
    else:
        verdict = (
            "Below them, the mean score that the connoisseur, the discriminator, gives them. The mark on the "
            "bar is its score of real images: the nearer the two, the harder it is to tell them apart."
        )
    return fill(
        "film.html",
        package=PACKAGE,
        first=f"{made.first:,}",
        last=f"{made.last:,}",
        verdict=verdict,
        width=made.width,
        height=made.height,
        gif=film.GIF,
        webp=film.WEBP,
        still=film.STILL,
    )


def _card(contents):
    if not (contents.card or contents.scored):
        return ""
    card = f'<dl class="card">\n{entries(contents.card)}\n</dl>' if contents.card else ""
    tables = list(map(_scores, contents.scored))
    if len(tables) > 1:  # the run's own beside one that was asked for
        tables[1:] = ["<details><summary>What it scored in training</summary>\n", *tables[1:], "</details>"]
    body = "".join([card, *tables])
    return f'<section aria-labelledby="card">\n<h2 id="card">The run</h2>\n{body}\n</section>'


def _scores(scored):
    """Returns an evaluation as a table, every number with its extractor, its error and its n."""
    evaluation = scored.evaluation
    if scored.kimg is not None:
        caption = f"Scored in training, at {scored.kimg:,.6g} kimg"
    else:
        fakes, reals = (re.sub(r"\S*/", "", text) for text in (evaluation.fakes, evaluation.reals))
        caption = f"What tfdogs.evaluate says of {fakes} beside {reals}"
    rows = []
    for score in evaluation.scores:
        metric, _, stamp = score.title.partition(" (")
        value, _, error = number(score.value, score.error).partition(" ± ")
        counts = f"{score.num_fakes:,}" + (f" / {score.num_reals:,}" if score.num_reals else "")
        meaning = " ".join(
            filter(None, (MEANINGS.get(score.name, ""), f"({score.note})" if score.note else ""))
        )
        rows.append(
            f'<tr><th scope="row">{escape(metric)}{f" <i>({escape(stamp)}</i>" if stamp else ""}'
            f"<small>{escape(meaning)}</small></th>"
            f"<td><b>{value}</b>{error and f' ± {error}'}<small>{BETTER[score.better]}</small></td>"
            f"<td>{counts}</td></tr>"
        )
    alarms = "".join(f"<li>{escape(alarm[:1].upper() + alarm[1:])}</li>" for alarm in evaluation.alarms)
    return (
        f'<table class="scores">\n<caption>{escape(caption)}</caption>\n'
        f'<thead><tr><th scope="col">Score</th><th scope="col">Value</th>'
        f'<th scope="col">Images drawn / real</th></tr></thead>\n'
        f"<tbody>\n{chr(10).join(rows)}\n</tbody>\n</table>\n"
        + (f'<ul class="alarms" role="alert">{alarms}</ul>\n' if alarms else "")
        + f'<p class="note">Seen by {escape(describe(evaluation.stamp))}.</p>\n'
    )


def _board(board):
    if board is None:
        return ""
    rows, title, better = [], board.metric, ""
    for place, one in enumerate(board.ranked, 1):
        score = one.scored.evaluation[board.metric]
        title, better = score.title, BETTER[score.better]
        own = ' aria-current="true"' if one is board.own else ""
        kimg, value = f"{round(one.scored.kimg, 1):,.10g}", number(score.value, score.error)
        rows.append(
            f'<tr{own}><td>{place}</td><th scope="row">{escape(one.name)}</th><td>{escape(one.model)}</td>'
            f"<td>{kimg}</td><td><b>{value}</b></td></tr>"
        )
    note = "No run can be ranked."
    if board.ranked:
        first = board.ranked[0]
        evaluation = first.scored.evaluation
        note = (
            f"The best evaluation of each run. All are of {evaluation.num_fakes:,} images beside "
            f"{evaluation.num_reals:,} real ones of {first.data}, seen by {describe(evaluation.stamp)}. "
            "A difference no larger than the ± may be luck."
        )
    others = "".join(
        f"<li><b>{escape(one.name)}</b> ({escape(one.model)}): {escape(reason)}</li>"
        for one, reason in board.others
    )
    return fill(
        "board.html",
        package=PACKAGE,
        note=escape(note),
        score=escape(f"{title} {better}".strip()),
        rows="\n".join(rows),
        table="" if rows else "hidden",
        others=f"<h3>Not comparable</h3>\n<ul>{others}</ul>" if others else "",
    )
