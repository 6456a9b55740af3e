"""Where an artifact comes from: the executions and artifacts before it, as a tree and as a graph."""

import dataclasses
import json

SHOWN = 60  # letters of a parameter's value in a tree


@dataclasses.dataclass(frozen=True)
class Ancestor:
    """An artifact and what it was made from.

    Attributes:
        artifact: `pipeline.core.artifact.Artifact`.
        maker: facts of the execution that made it, `pipeline.metadata.store.Store.executions`, or None.
        parents: `Ancestor` by input of that execution.
    """

    artifact: object
    maker: object
    parents: dict


def trace(store, artifact):
    """Returns the `Ancestor` of an artifact, with all that stand before it; each is asked for once."""
    known = {}

    def of(artifact):
        if artifact.id not in known:
            maker = store.maker(artifact)
            parents = {key: of(parent) for key, parent in (maker["inputs"] if maker else {}).items()}
            known[artifact.id] = Ancestor(artifact, maker, parents)
        return known[artifact.id]

    return of(artifact)


def tree(ancestor, *, full=False):
    """Returns the lines of a tree, the artifact first; what stands in it again is told by its number only.

    Args:
        ancestor: `Ancestor`.
        full: whether long values of parameters are told whole.
    """
    told = set()

    def lines(ancestor, key, first, rest):
        artifact, maker = ancestor.artifact, ancestor.maker
        head = f"{first}{key}{artifact.type_name} {artifact.id}"
        if artifact.id in told:
            yield f"{head} (above)"
            return
        told.add(artifact.id)
        yield f"{head}  {artifact.fingerprint[:12]}  {artifact.path}"
        if artifact.properties:
            yield f"{rest}  {_pairs(artifact.properties, full)}"
        if maker is None:
            return
        made_by = f"{maker['node']} {maker['id']}  tfdogs {maker['version']}"
        yield f"{rest}└─ {made_by}  {_pairs(maker['parameters'], full)}".rstrip()
        last = len(ancestor.parents) - 1
        for number, (name, parent) in enumerate(ancestor.parents.items()):
            turn, on = ("└─ ", "   ") if number == last else ("├─ ", "│  ")
            yield from lines(parent, f"{name}: ", f"{rest}   {turn}", f"{rest}   {on}")

    return list(lines(ancestor, "", "", ""))


def _pairs(facts, full=False):
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in facts.items()}
    return "  ".join(f"{name}={_line(text, full)}" for name, text in texts.items() if text != "")


def _line(text, full):
    line = " ".join(text.split())
    return line if full or len(line) <= SHOWN else f"{line[: SHOWN - 3]}..."


def dot(ancestor):
    """Returns the graph in Graphviz's language: boxes are executions, the rest are artifacts."""
    lines = [
        "digraph lineage {",
        '  rankdir=TB; bgcolor="transparent";',
        '  node [fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9, color="#6d655b", fontcolor="#6d655b"];',
    ]
    told = set()

    def visit(ancestor):
        artifact, maker = ancestor.artifact, ancestor.maker
        if artifact.id in told:
            return
        told.add(artifact.id)
        name = f"{artifact.type_name} {artifact.id}\\n{artifact.fingerprint[:12]}"
        lines.append(f'  a{artifact.id} [shape=ellipse, label="{name}"];')
        if maker is None:
            return
        if ("maker", maker["id"]) not in told:
            told.add(("maker", maker["id"]))
            node = _escaped(f"{maker['node']} {maker['id']}")
            lines.append(f'  e{maker["id"]} [shape=box, style=filled, fillcolor="#e8efe6", label="{node}"];')
            lines.extend(
                f'  a{parent.artifact.id} -> e{maker["id"]} [label="{key}"];'
                for key, parent in ancestor.parents.items()
            )
        lines.append(f"  e{maker['id']} -> a{artifact.id};")
        for parent in ancestor.parents.values():
            visit(parent)

    visit(ancestor)
    return "\n".join([*lines, "}", ""])


def _escaped(text):
    return text.replace("\\", "\\\\").replace('"', '\\"')
