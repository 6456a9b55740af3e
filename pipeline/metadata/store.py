"""ML Metadata: what ran, on what, and what came of it."""

import dataclasses
import json
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.core.artifact import Artifact
from pipeline.core.code_version import code_version
from pipeline.metadata.connection import connection
from pipeline.metadata.properties import fill, read
from pipeline.metadata.retried import AlreadyThereError, retried
from tfdogs.errors import TfdogsError

RUNNING, COMPLETE, CACHED, FAILED = "running", "complete", "cached", "failed"
_STATES = {
    RUNNING: mlmd.Execution.RUNNING,
    COMPLETE: mlmd.Execution.COMPLETE,
    CACHED: mlmd.Execution.CACHED,
    FAILED: mlmd.Execution.FAILED,
}
_PIPELINE, _RUN = "pipeline", "pipeline_run"  # types of contexts, as TFX calls them


class Store:
    """A connection to ML Metadata.

    Several processes may have one at the same time. Every change is one transaction: readers see an execution
    with all of its outputs, or without any.

    Args:
        address: see `connection`.

    Raises:
        UsageError: the address is illegal.
        TfdogsError: the store cannot be opened.
    """

    def __init__(self, address):
        config = connection(str(address))
        try:
            self._store = retried(metadata_store.MetadataStore, config)
        except RuntimeError as e:
            raise TfdogsError(f"cannot open the metadata store: {e}") from e
        self._types = {}

    def begin_run(self, pipeline, run, facts):
        """Records that a run begins, or goes on.

        Args:
            pipeline: name of the pipeline.
            run: name of the run, unique within the store.
            facts: dict of numbers and strings about it; those of before stay where nothing new is said.
        """
        self._context(_PIPELINE, pipeline, {})
        self._context(_RUN, run, {"pipeline": pipeline, **facts})

    def tell_run(self, run, facts):
        """Adds facts to a run that was begun, or changes them."""
        self._context(_RUN, run, facts)

    def runs(self, pipeline=None):
        """Returns the facts of all runs, or of one pipeline's, oldest first, with their names as `run`."""
        contexts = self._call("get_contexts_by_type", _RUN)
        told = [{"run": context.name, **read(context.custom_properties)} for context in contexts]
        return [facts for facts in told if pipeline in (None, facts["pipeline"])]

    def begin(self, node, fingerprint, inputs, *, pipeline, run, root=""):
        """Records that a node is executed now.

        Args:
            node: `pipeline.core.component.Component`.
            fingerprint: of the execution, `pipeline.core.fingerprints.of_execution`.
            inputs: `Artifact` or None by input.
            pipeline, run: names of the pipeline and the run.
            root: folder of the artifacts, whose locks tell whether the execution is alive.

        Returns:
            The execution's number.
        """
        execution = self._execution(node, fingerprint, RUNNING)
        fill(execution.custom_properties, {"root": root})
        return self._put(execution, self._events(inputs, mlmd.Event.INPUT), pipeline, run)

    def finish(self, execution, outputs, *, pipeline, run):
        """Records that an execution is complete, and publishes what it made.

        Args:
            execution: its number.
            outputs: `Artifact` by output, without numbers.
            pipeline, run: names of the pipeline and the run.

        Returns:
            The artifacts with their numbers.
        """
        (proto,) = self._call("get_executions_by_id", [execution])
        proto.last_known_state = _STATES[COMPLETE]
        made = []
        for key, artifact in outputs.items():
            new = mlmd.Artifact(type_id=self._type(mlmd.ArtifactType, artifact.type_name))
            new.uri, new.state = str(artifact.path), mlmd.Artifact.LIVE
            new.name = f"{artifact.type_name} {execution} {key}"
            new.properties["fingerprint"].string_value = artifact.fingerprint
            fill(new.custom_properties, artifact.properties)
            made.append((new, _event([key], mlmd.Event.OUTPUT)))
        contexts = self._run_contexts(pipeline, run)
        _, ids, _ = self._call("put_execution", proto, made, contexts, reuse_context_if_already_exist=True)
        named = zip(outputs.items(), ids)
        return {key: dataclasses.replace(artifact, id=number) for (key, artifact), number in named}

    def reuse(self, node, fingerprint, inputs, *, outputs, pipeline, run):
        """Records that a node's outputs were there already; returns the execution's number."""
        events = self._events(inputs, mlmd.Event.INPUT) + self._events(outputs, mlmd.Event.OUTPUT)
        return self._put(self._execution(node, fingerprint, CACHED), events, pipeline, run)

    def fail(self, execution, reason):
        """Records that an execution failed, and why."""
        (proto,) = self._call("get_executions_by_id", [execution])
        proto.last_known_state = _STATES[FAILED]
        fill(proto.custom_properties, {"reason": reason})
        self._call("put_executions", [proto])

    def cached(self, component, fingerprint):
        """Returns the outputs by name of the last complete execution with this fingerprint, or None.

        Outputs whose folders are gone, or have been marked in the store as deleted, count as not there.
        """
        for execution in reversed(self._find(component, fingerprint, "COMPLETE")):
            outputs = self.outputs(execution.id)
            if outputs and all(artifact.path.is_dir() for artifact in outputs.values()):
                return outputs
        return None

    def running(self, component, fingerprint):
        """Returns the facts of what has begun with this fingerprint and not ended, oldest first."""
        return [self._facts(proto) for proto in self._find(component, fingerprint, "RUNNING")]

    def outputs(self, execution):
        """Returns what an execution made and is still there, by name of the output."""
        events = self._call("get_events_by_execution_ids", [execution])
        keys = {
            event.artifact_id: event.path.steps[0].key for event in events if event.type == mlmd.Event.OUTPUT
        }
        return {keys[artifact.id]: artifact for artifact in self._artifacts(list(keys))}

    def latest(self, type_name, pipeline):
        """Returns all artifacts of a type that a pipeline's runs have made, newest first."""
        context = self._call("get_context_by_type_and_name", _PIPELINE, pipeline)
        if context is None:
            return []
        protos = self._call("get_artifacts_by_context", context.id)
        of_type = [proto.id for proto in protos if proto.type == type_name]
        return sorted(self._artifacts(of_type), key=lambda artifact: artifact.id, reverse=True)

    def executions(self, run):
        """Returns the facts of a run's executions, oldest first.

        Each is a dict of `id`, `node`, `component`, `state`, `fingerprint`, `began` and `ended` (in
        seconds since 1970), `parameters`, `reason`, `version` (of tfdogs), `root` (of its artifacts, as
        far as it is known), `inputs` and `outputs` (`Artifact` by name).
        """
        context = self._call("get_context_by_type_and_name", _RUN, run)
        protos = self._call("get_executions_by_context", context.id) if context else []
        return [self._facts(proto) for proto in sorted(protos, key=lambda proto: proto.id)]

    def artifacts(self):
        """Returns all artifacts that are there, oldest first."""
        numbers = [proto.id for proto in self._call("get_artifacts")]
        return sorted(self._artifacts(numbers), key=lambda artifact: artifact.id)

    def artifact(self, number):
        """Returns the artifact with this number, or None."""
        return next(iter(self._artifacts([number])), None)

    def maker(self, artifact):
        """Returns the facts of the execution that made an artifact (see `executions`), or None."""
        events = self._call("get_events_by_artifact_ids", [artifact.id])
        made = sorted(event.execution_id for event in events if event.type == mlmd.Event.OUTPUT)
        if not made:
            return None
        (proto,) = self._call("get_executions_by_id", made[:1])  # later ones are cache hits
        return self._facts(proto)

    def _find(self, component, fingerprint, state):
        wanted = (
            f"type = '{component}' AND last_known_state = {state} "
            f"AND properties.fingerprint.string_value = '{fingerprint}'"
        )
        found = self._call("get_executions", metadata_store.ListOptions(filter_query=wanted))
        return sorted(found, key=lambda execution: execution.id)

    def _facts(self, proto):
        events = self._call("get_events_by_execution_ids", [proto.id])
        artifacts = {a.id: a for a in self._artifacts([event.artifact_id for event in events])}
        sides = {mlmd.Event.INPUT: {}, mlmd.Event.OUTPUT: {}}
        for event in events:
            if event.artifact_id in artifacts:
                keys = [step.key for step in event.path.steps]
                sides[event.type].update(dict.fromkeys(keys, artifacts[event.artifact_id]))
        told = read(proto.custom_properties)
        return {
            "id": proto.id,
            "node": told.pop("node"),
            "component": proto.type,
            "state": next(name for name, state in _STATES.items() if state == proto.last_known_state),
            "fingerprint": proto.properties["fingerprint"].string_value,
            "began": proto.create_time_since_epoch / 1000,
            "ended": proto.last_update_time_since_epoch / 1000,
            "parameters": json.loads(told.pop("parameters")),
            "reason": told.pop("reason", ""),
            "version": told.pop("version", ""),
            "root": told.pop("root", ""),
            "inputs": dict(sorted(sides[mlmd.Event.INPUT].items())),
            "outputs": dict(sorted(sides[mlmd.Event.OUTPUT].items())),
        }

    def _artifacts(self, numbers):
        protos = self._call("get_artifacts_by_id", numbers) if numbers else []
        return [
            Artifact(
                type_name=proto.type,
                path=Path(proto.uri),
                fingerprint=proto.properties["fingerprint"].string_value,
                properties=read(proto.custom_properties),
                id=proto.id,
            )
            for proto in protos
            if proto.state == mlmd.Artifact.LIVE
        ]

    def _execution(self, node, fingerprint, state):
        kind = mlmd.ExecutionType(name=type(node).__name__)
        proto = mlmd.Execution(
            type_id=self._type(mlmd.ExecutionType, kind.name), last_known_state=_STATES[state]
        )
        proto.properties["fingerprint"].string_value = fingerprint
        told = {"node": node.name, "parameters": json.dumps(node.parameters), "version": code_version()}
        fill(proto.custom_properties, told)
        return proto

    def _put(self, execution, events, pipeline, run):
        contexts = self._run_contexts(pipeline, run)
        number, _, _ = self._call(
            "put_execution", execution, events, contexts, reuse_context_if_already_exist=True
        )
        return number

    def _events(self, artifacts, kind):
        keys = {}
        for key, artifact in artifacts.items():
            if artifact:
                keys.setdefault(artifact.id, []).append(key)
        protos = self._call("get_artifacts_by_id", sorted(keys)) if keys else []
        return [(proto, _event(keys[proto.id], kind)) for proto in protos]

    def _run_contexts(self, pipeline, run):
        return [
            self._call("get_context_by_type_and_name", _PIPELINE, pipeline),
            self._call("get_context_by_type_and_name", _RUN, run),
        ]

    def _context(self, kind, name, facts):
        context = self._call("get_context_by_type_and_name", kind, name)
        if context is None:
            context = mlmd.Context(type_id=self._type(mlmd.ContextType, kind), name=name)
        fill(context.custom_properties, facts)
        try:
            self._call("put_contexts", [context])
        except AlreadyThereError:  # another process was first
            self._context(kind, name, facts)

    def _type(self, kind, name):
        """Returns the number of a type, which is registered on its first use."""
        if name not in self._types:
            proto = kind(name=name)
            if kind is not mlmd.ContextType:
                proto.properties["fingerprint"] = mlmd.STRING
            put = {
                mlmd.ArtifactType: "put_artifact_type",
                mlmd.ExecutionType: "put_execution_type",
                mlmd.ContextType: "put_context_type",
            }
            self._types[name] = self._call(put[kind], proto)
        return self._types[name]

    def _call(self, name, *args, **kwargs):
        return retried(getattr(self._store, name), *args, **kwargs)


def _event(keys, kind):
    """Returns an event; an artifact that is several inputs at once has one event, with a step for each."""
    event = mlmd.Event(type=kind)
    for key in keys:
        event.path.steps.add(key=key)
    return event
