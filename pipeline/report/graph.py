"""A pipeline's graph, as a run of it has left it."""

from pipeline.report import graphviz


def draw(pipeline, executions):
    """Returns the graph as an <svg> element, or "" where Graphviz is not installed.

    Args:
        pipeline: `pipeline.core.dag.Pipeline`.
        executions: facts of a run's executions, oldest first; of a node the last one counts.
    """
    return graphviz.svg(dot(pipeline, executions)) if graphviz.installed() else ""


def dot(pipeline, executions):
    """Returns the graph in Graphviz's language; a node's class is its state, "waiting" before it began."""
    last = {execution["node"]: execution for execution in executions}
    lines = [
        "digraph pipeline {",
        '  rankdir=LR; bgcolor="transparent"; ranksep=0.35; nodesep=0.3;',
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=13, margin="0.16,0.1"];',
        '  edge [fontname="Helvetica", fontsize=9, arrowsize=0.7];',
    ]
    for node in pipeline.nodes:
        execution = last.get(node.name)
        state = execution["state"] if execution else "waiting"
        lines.append(f'  "{node.name}" [class="{state}", label="{node.name}\\n{_label(execution)}"];')
    lines += [f'  "{parent.name}" -> "{child.name}";' for parent, child in _pairs(pipeline)]
    return "\n".join([*lines, "}", ""])


def _pairs(pipeline):
    return dict.fromkeys((parent, child) for parent, child, _ in pipeline.edges())


def _label(execution):
    if execution is None:
        return "waiting"
    if execution["state"] in ("complete", "failed"):
        return f"{execution['state']}, {seconds(execution)}"
    return execution["state"]


def seconds(execution):
    """Returns how long an execution took, for people."""
    took = max(execution["ended"] - execution["began"], 0)
    return f"{took:.1f} s" if took < 100 else f"{took / 60:.1f} min"
