"""The lineage that a command line asks for: an artifact found, its tree printed, its graph drawn."""

from html import escape
from pathlib import Path

from pipeline.metadata.store import Store
from pipeline.release.pushed_versions import note
from pipeline.report import graphviz
from pipeline.report.ancestry import dot, trace, tree
from tfdogs.aside import alone_at
from tfdogs.errors import UsageError
from tfdogs.sampling import output

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ margin: 2rem; background: #faf7f2; color: #26221d; font: 15px/1.5 system-ui, sans-serif; }}
svg {{ max-width: 100%; height: auto; }}
pre {{ overflow-x: auto; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }}
</style></head>
<body>
<h1>{title}</h1>
{svg}
<pre>{tree}</pre>
</body>
</html>
"""


def tell(config):
    """Prints the ancestry of an artifact, or the list of all artifacts; draws it where that is asked for.

    Args:
        config: `pipeline.report.lineage_config.LineageConfig`.

    Raises:
        UsageError: there is no such store or artifact, the output is there already, or Graphviz is missing.
        TfdogsError: the store, the disk or Graphviz failed.
    """
    if config.output:
        output.check(config.output, folder=False, overwrite=None)
    store = _open(config)
    if not config.artifact:
        for artifact in store.artifacts():
            print(f"{artifact.type_name} {artifact.id}  {artifact.fingerprint[:12]}  {artifact.path}")
        return
    ancestor = trace(store, _find(store, config))
    lines = tree(ancestor, full=config.full)
    if config.output:
        text = _drawn(config.output, ancestor, lines)
        with alone_at(config.output), output.replacing(config.output) as path:
            path.write_text(text, encoding="utf-8")
    print("\n".join(lines))


def _open(config):
    place = config.metadata or Path(config.root, "metadata.sqlite")
    if "://" not in str(place) and not Path(place).is_file():
        name = "metadata" if config.metadata else "root"
        config.reject(name, f"has no metadata: there is no file {place}")
    return Store(place)


def _find(store, config):
    """Returns the artifact that is meant."""
    text, everything = config.artifact, store.artifacts()
    if text.isdecimal():
        found = [artifact for artifact in everything if artifact.id == int(text)]
    elif Path(text).exists():
        place = Path(text).resolve()
        pushed = note(place).get("fingerprint")
        folders = {place, *place.parents}
        found = [artifact for artifact in everything if artifact.path.resolve() in folders]
        found = found or [artifact for artifact in everything if artifact.fingerprint == pushed]
    else:
        found = [artifact for artifact in everything if artifact.type_name == text]
    if not found:
        types = ", ".join(sorted({artifact.type_name for artifact in everything})) or "none yet"
        raise UsageError(
            f"--artifact must be a number, a folder or a type that is in the store ({types}). "
            f"Received: --artifact={text}"
        )
    return found[-1]


def _drawn(path, ancestor, lines):
    """Returns the drawing's text, in the form that the file's ending names."""
    graph, form = dot(ancestor), Path(path).suffix.lower()
    if form == ".dot":
        return graph
    svg = graphviz.svg(graph)
    if form == ".svg":
        return svg
    title = f"Lineage of {ancestor.artifact.type_name} {ancestor.artifact.id}"
    return _PAGE.format(title=escape(title), svg=svg, tree=escape("\n".join(lines)))
