"""The report of a run: what ran, on what, what was found, what was drawn."""

import base64
import datetime
import os
import string
from html import escape
from importlib import resources
from pathlib import Path

from pipeline.report import tables
from pipeline.report.graph import draw, seconds
from tfdogs.sampling.output import replacing

_SENTENCES = {
    "complete": "A model is served.",
    "failed": "No model was pushed.",
    "running": "It has not ended.",
}


def write_report(store, pipeline, run, *, path):
    """Writes the page of a run, one file that needs nothing outside it, aside and then renamed.

    Args:
        store: `pipeline.metadata.store.Store`.
        pipeline: `pipeline.core.dag.Pipeline`.
        run: name of the run.
        path: the `.html` file; one of that name is replaced.

    Raises:
        TfdogsError: an artifact cannot be read, or the disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = render(store, pipeline, run, place=path.parent)
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8", errors="backslashreplace")


def render(store, pipeline, run, *, place):
    """Returns the page's text, with links as they are from the folder `place`."""
    (facts,) = [facts for facts in store.runs(pipeline.name) if facts["run"] == run]
    executions = store.executions(run)
    made = {}
    for execution in executions:
        if execution["state"] in ("complete", "cached"):
            made.update(execution["outputs"])
    template = resources.files("pipeline.report").joinpath("page.html").read_text(encoding="utf-8")
    return string.Template(template).substitute(
        title=escape(pipeline.name),
        lede=_lede(run, facts),
        refusal=_refusal(facts),
        graph=draw(pipeline, executions) or '<p class="note">Graphviz is not installed: no drawing.</p>',
        executions=_executions(executions, store, place),
        sections="\n".join(_sections(made, place)),
        flags=escape(facts.get("flags", "")),
    )


def _lede(run, facts):
    began = datetime.datetime.fromtimestamp(facts["began"]).astimezone()
    ended = facts.get("ended")
    took = f", {ended - facts['began']:.0f} s" if ended else ""
    return (
        f"Run <b>{escape(run)}</b> of {began:%Y-%m-%d %H:%M}{took}: <b>{facts['state']}</b>. "
        f"{_SENTENCES[facts['state']]} tfdogs {escape(facts.get('version', ''))}."
    )


def _refusal(facts):
    if not facts.get("reason"):
        return ""
    return f'<div class="alarm" role="alert"><b>Stopped</b><p>{escape(facts["reason"])}</p></div>'


def _executions(executions, store, place):
    rows = []
    for execution in executions:
        state = f'<b class="{execution["state"]}">{execution["state"]}</b>'
        took = seconds(execution)
        if execution["state"] == "cached" and execution["outputs"]:
            first = store.maker(next(iter(execution["outputs"].values())))
            took = f"as in execution {first['id']}, {seconds(first)}"
        outputs = "<br>".join(
            f"{_link(artifact.path, place, f'{artifact.type_name} {artifact.id}')} "
            f"<code>{artifact.fingerprint[:12]}</code>"
            for artifact in execution["outputs"].values()
        )
        name = f"{escape(execution['node'])} {execution['id']}"
        rows.append([name, state, took, outputs or escape(execution["reason"])])
    return tables.table(["component", "state", "time", "made"], rows)


def _sections(made, place):
    """Yields the sections of what there is."""
    if "statistics" in made:
        yield _section("Pictures", tables.statistics(made["statistics"].path))
    if "anomalies" in made:
        yield _section("Anomalies", tables.anomalies(made["anomalies"].path))
    if "evaluation" in made:
        folder = made["evaluation"].path
        more = _link(folder / "report.html", place, "the whole evaluation")
        yield _section("Scores", f'{tables.scores(folder)}\n<p class="note">More in {more}.</p>')
        data = base64.b64encode((folder / "samples.png").read_bytes()).decode("ascii")
        yield _section("Samples", f'<img class="samples" alt="64 dogs" src="data:image/png;base64,{data}">')
    if "pushed_model" in made:
        told = made["pushed_model"].properties
        target = Path(told["destination"])
        words = f"Version {told['version']} in {_link(target, place, str(target))}"
        yield _section("Served", f"<p>{words}: {escape(told['outcome'])}.</p>")


def _section(title, body):
    return f"<section>\n<h2>{title}</h2>\n{body}\n</section>"


def _link(target, place, text):
    return f'<a href="{escape(Path(os.path.relpath(target, place)).as_posix())}">{escape(text)}</a>'
