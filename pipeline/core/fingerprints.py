"""What makes two executions the same, and two artifacts."""

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
from pathlib import Path

from pipeline.core.contract import Input, Parameter


def of_execution(node, inputs):
    """Returns the digest of all that decides what an execution makes.

    That is the component's name, the source of its module and of the packages in `code`, the versions of its
    `libraries`, the parameters that count, the fingerprints of the inputs that count, and what it reads from
    outside.

    Args:
        node: `pipeline.core.component.Component`.
        inputs: `Artifact` or None by input.
    """
    cls = type(node)
    parameters = {k: node.parameters[k] for k, spec in cls.declared(Parameter).items() if spec.counts}
    counted = [key for key, spec in cls.declared(Input).items() if spec.counts]
    read = {key: inputs[key].fingerprint if inputs.get(key) else None for key in counted}
    facts = {
        "component": cls.__name__,
        "code": {name: of_source(name) for name in sorted({cls.__module__, *cls.code})},
        "libraries": {name: _version(name) for name in sorted(cls.libraries)},
        "parameters": parameters,
        "outside": cls.outside(node.parameters),
        "inputs": read,
    }
    return of_text(json.dumps(facts, sort_keys=True))


@functools.cache
def of_source(name):
    """Returns the digest of a module's source, or of all the files of a package but its byte code."""
    spec = importlib.util.find_spec(name)
    if spec.submodule_search_locations is None:
        return of_bytes(Path(spec.origin).read_bytes())
    return of_folder(spec.submodule_search_locations[0], skip=lambda path: "__pycache__" in path.parts)


def _version(name):
    """Returns the version of an installed distribution, "" of one that is not."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def of_folder(folder, *, skip=lambda path: False):
    """Returns the digest of the names and contents of all files in a folder, `skip` apart."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(folder).rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not skip(relative):
            digest.update(f"{relative.as_posix()}\0{of_file(path)}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def of_file(path):
    """Returns the digest of a file's bytes."""
    digest = hashlib.blake2b(digest_size=16)
    with Path(path).open("rb") as file:
        for part in iter(lambda: file.read(2**20), b""):
            digest.update(part)
    return digest.hexdigest()


def of_bytes(data):
    """Returns the digest of bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def of_text(text):
    """Returns the digest of a string."""
    return of_bytes(text.encode())
