"""The processes that train together, as the environment variable TF_CONFIG tells of them."""

import dataclasses
import json
import os
import re

from tfdogs.errors import UsageError

_ADDRESS = re.compile(r"(?P<host>[^\s:]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})", re.ASCII)
_EXAMPLE = '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Two processes or more that train one run, and which of them this one is.

    Attributes:
        addresses: "host:port" of each, the chief's first.
        index: the place of this one among them.
    """

    addresses: tuple
    index: int

    @property
    def chief(self):
        """Whether this process is the one that writes the run's files: the chief, or else worker 0."""
        return self.index == 0

    @classmethod
    def from_environment(cls, environment=None):
        """Reads TF_CONFIG.

        Args:
            environment: a dict; default `os.environ`.

        Returns:
            `Cluster`, or None where TF_CONFIG is not set, or names no process but this one.

        Raises:
            UsageError: it is no JSON, lacks something, contradicts itself, or has other roles than chief and
                worker.
        """
        text = (os.environ if environment is None else environment).get("TF_CONFIG", "")
        if not text.strip():
            return None
        try:
            values = json.loads(text)
        except ValueError as e:
            raise _refusal(f"must be JSON ({e})", text) from e
        if not isinstance(values, dict):
            raise _refusal("must be a JSON object", text)
        roles = values.get("cluster")
        if not roles:  # as TensorFlow has it
            return None
        addresses = _addresses(roles, text)
        kind, index = _task(values.get("task"), roles, text)
        if len(addresses) == 1:
            return None
        return cls(addresses, index + (1 if kind == "worker" and "chief" in roles else 0))


def _addresses(roles, text):
    if not isinstance(roles, dict):
        raise _refusal('must have an object as its "cluster"', text)
    foreign = sorted(set(roles) - {"chief", "worker"})
    if foreign:
        raise _refusal(f"must have the roles worker and chief only, and no {' or '.join(foreign)}", text)
    for role, there in roles.items():
        if not (isinstance(there, list) and there and all(isinstance(address, str) for address in there)):
            raise _refusal(f'must have a list of "host:port" as the cluster\'s "{role}"', text)
    if len(roles.get("chief", ())) > 1:
        raise _refusal("must have one chief at most", text)
    addresses = (*roles.get("chief", ()), *roles.get("worker", ()))
    for address in addresses:
        match = _ADDRESS.fullmatch(address)
        if not match or not 0 < int(match["port"]) < 65536:
            raise _refusal(f'must have addresses "host:port", and {address!r} is none', text)
    if len(set(addresses)) < len(addresses):
        raise _refusal("must have an address of its own for each process", text)
    return addresses


def _task(task, roles, text):
    if not isinstance(task, dict) or not isinstance(task.get("type"), str):
        raise _refusal('must say which process this is by its "task"', text)
    kind, index = task["type"], task.get("index")
    if kind not in roles:
        raise _refusal(f"must have a task of a role in its cluster, and {kind!r} is none", text)
    most = len(roles[kind]) - 1
    if type(index) is not int or not 0 <= index <= most:
        legal = f"0 to {most}" if most else "0"
        raise _refusal(f"must have a task whose index is {legal}, as its cluster has it", text)
    return kind, index


def _refusal(rule, text):
    text = " ".join(text.split())
    text = text if len(text) <= 300 else f"{text[:297]}..."
    return UsageError(f"TF_CONFIG {rule}. Legal is {_EXAMPLE}. Received: TF_CONFIG={text}")
