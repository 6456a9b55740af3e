"""Runs a pipeline on this machine: what is there already is not made again."""

import contextlib
import shutil
import time
from pathlib import Path

from pipeline.core import fingerprints
from pipeline.core.artifact import Artifact
from pipeline.core.contract import REFUSAL, Input, Output
from pipeline.core.locks import held, is_free
from pipeline.metadata.store import CACHED, COMPLETE, FAILED, RUNNING
from tfdogs.errors import TfdogsError, UsageError


class Runner:
    """Executes the nodes of pipelines, and keeps their artifacts in one folder.

    A node's outputs are made in a hidden folder and appear together as ROOT/NODE/EXECUTION/OUTPUT when all
    are there; then the store hears of them. Nodes with equal fingerprints, of several runs at once, are
    executed one after the other, so that the later ones find what the first has made.

    Args:
        store: `pipeline.metadata.store.Store`.
        root: folder of the artifacts; made where it is not there.
    """

    def __init__(self, store, root):
        self._store, self._root = store, Path(root).absolute()

    def run(self, pipeline, run, facts):
        """Runs a pipeline from its first node to its last, or to the first that fails or refuses.

        Args:
            pipeline: `pipeline.core.dag.Pipeline`.
            run: the run's name; one that was begun goes on, its complete nodes found by their fingerprints.
            facts: numbers and strings about the run, for the store.

        Returns:
            Artifacts by node and output.

        Raises:
            TfdogsError: a node failed or refused. What was complete before stays.
        """
        self._bury_the_killed()
        with held(self._lock(run)):
            began = {"state": RUNNING, "root": str(self._root), "reason": "", "began": time.time()}
            self._store.begin_run(pipeline.name, run, {**facts, **began})
            made = {}
            with self._telling_of_failure(run):
                for node in pipeline.nodes:
                    made[node.name] = self._run_one(pipeline, run, node, made)
            self._store.tell_run(run, {"state": COMPLETE, "ended": time.time()})
            return made

    def run_node(self, pipeline, run, name, facts):
        """Runs one node of a run whose nodes run in processes, and on machines, of their own.

        Args:
            pipeline, run, facts: as of `run`.
            name: the node's.

        Returns:
            Artifacts by output.

        Raises:
            UsageError: a node before it has not been run in this run.
            TfdogsError: it failed or refused.
        """
        (node,) = [node for node in pipeline.nodes if node.name == name]
        # Without a root it is no process's of this machine, and not taken for killed.
        told = {"state": RUNNING, "root": "", "reason": "", "began": time.time()}
        known = [facts for facts in self._store.runs(pipeline.name) if facts["run"] == run]
        self._store.begin_run(pipeline.name, run, {**facts, **({} if known else told)})
        made = {}
        for execution in self._store.executions(run):
            if execution["state"] in (COMPLETE, CACHED):
                made[execution["node"]] = execution["outputs"]
        lacking = [parent.name for parent in pipeline.parents(node) if parent.name not in made]
        if lacking:
            raise UsageError(f"{name} comes after {', '.join(lacking)}, which run {run} has not got yet")
        with self._telling_of_failure(run):
            outputs = self._run_one(pipeline, run, node, made)
        if node is pipeline.nodes[-1]:
            self._store.tell_run(run, {"state": COMPLETE, "reason": "", "ended": time.time()})
        return outputs

    @contextlib.contextmanager
    def _telling_of_failure(self, run):
        try:
            yield
        except BaseException as e:
            reason = str(e) or type(e).__name__
            self._store.tell_run(run, {"state": FAILED, "reason": reason, "ended": time.time()})
            raise

    def _run_one(self, pipeline, run, node, made):
        outputs = self._run_node(pipeline, run, node, self._inputs(pipeline, node, made))
        for artifact in outputs.values():
            if artifact.properties.get(REFUSAL):
                raise TfdogsError(f"{node.name} stopped the pipeline: {artifact.properties[REFUSAL]}")
        return outputs

    def _inputs(self, pipeline, node, made):
        inputs = dict.fromkeys(type(node).declared(Input))
        for key, channel in node.channels.items():
            if channel.node:
                inputs[key] = made[channel.node.name][channel.key]
        for key, channel in node.channels.items():
            if channel.query:
                inputs[key] = channel.query(self._store, pipeline.name, inputs)
        return inputs

    def _run_node(self, pipeline, run, node, inputs):
        fingerprint = fingerprints.of_execution(node, inputs)
        work = self._work(type(node).__name__, fingerprint)
        where = {"pipeline": pipeline.name, "run": run}
        with held(work.with_suffix(".lock"), wait=True):
            outputs = self._store.cached(type(node).__name__, fingerprint)
            if outputs:
                self._store.reuse(node, fingerprint, inputs, outputs, **where)
                print(f"{node.name}: {CACHED}", flush=True)
                return outputs
            execution = self._store.begin(node, fingerprint, inputs, **where)
            print(f"{node.name}: {RUNNING}", flush=True)
            began = time.perf_counter()
            try:
                outputs = self._execute(node, inputs, work, execution)
            except BaseException as e:
                self._store.fail(execution, str(e) or type(e).__name__)
                raise
            outputs = self._store.finish(execution, outputs, **where)
        print(f"{node.name}: {COMPLETE}, {time.perf_counter() - began:.1f} s", flush=True)
        return outputs

    def _execute(self, node, inputs, work, execution):
        """Returns unnumbered artifacts by output, in their places."""
        specs = type(node).declared(Output)
        if not node.resumable:
            shutil.rmtree(work, ignore_errors=True)
        folders = {key: work / key for key in specs}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        told = type(node).execute(**inputs, **folders, **node.parameters) or {}
        digests = {key: spec.type.fingerprint(folders[key]) for key, spec in specs.items()}
        place = self._place(node.name, execution)
        place.parent.mkdir(parents=True, exist_ok=True)
        work.rename(place)
        return {
            key: Artifact(spec.type.name, place / key, digests[key], told.get(key, {}))
            for key, spec in specs.items()
        }

    def _bury_the_killed(self):
        """Marks as failed what ran in a killed process, and takes back what the store has not heard of."""
        for facts in self._store.runs():
            ours = facts.get("state") == RUNNING and facts.get("root") == str(self._root)
            if not ours or not is_free(self._lock(facts["run"])):
                continue
            for execution in self._store.executions(facts["run"]):
                if execution["state"] == RUNNING:
                    self._store.fail(execution["id"], "killed")
                    place = self._place(execution["node"], execution["id"])
                    if place.exists():
                        place.rename(self._work(execution["component"], execution["fingerprint"]))
            self._store.tell_run(facts["run"], {"state": FAILED, "reason": "killed"})

    def _place(self, node, execution):
        return self._root / node / str(execution)

    def _work(self, component, fingerprint):
        return self._root / ".work" / f"{component}-{fingerprint}"

    def _lock(self, run):
        return self._root / ".work" / f"run-{run}.lock"
