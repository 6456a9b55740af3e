"""A pipeline: nodes, and what flows between them."""

import dataclasses
import graphlib

from tfdogs.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Pipeline:
    """Nodes in an order in which each comes after those that it reads from.

    Attributes:
        name: of the pipeline; its runs share schema, statistics and blessed models.
        nodes: `Component`s, in any order when made, sorted afterwards.

    Raises:
        UsageError: two nodes have one name, or a node reads from one that is not in the pipeline.
    """

    name: str
    nodes: tuple

    def __post_init__(self):
        names = [node.name for node in self.nodes]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(f"pipeline {self.name} has two nodes named {twice[0]}")
        for node in self.nodes:
            for parent in self.parents(node):
                if parent not in self.nodes:
                    raise UsageError(f"{node.name} reads from {parent.name}, which is not in {self.name}")
        graph = {node.name: [parent.name for parent in self.parents(node)] for node in self.nodes}
        by_name = {node.name: node for node in self.nodes}
        order = graphlib.TopologicalSorter(graph).static_order()
        object.__setattr__(self, "nodes", tuple(by_name[name] for name in order))

    def parents(self, node):
        """Returns the nodes whose outputs a node reads, each once, in order of its inputs."""
        return list(dict.fromkeys(channel.node for channel in node.channels.values() if channel.node))

    def ancestors(self, node):
        """Returns the nodes before a node: its parents, theirs and so on, in the pipeline's order."""
        found, waiting = set(), self.parents(node)
        while waiting:
            parent = waiting.pop()
            if parent not in found:
                found.add(parent)
                waiting.extend(self.parents(parent))
        return [one for one in self.nodes if one in found]

    def edges(self):
        """Yields (parent, child, artifact type's name) for every input that a node reads from another."""
        for node in self.nodes:
            for channel in node.channels.values():
                if channel.node:
                    yield channel.node, node, channel.type.name
