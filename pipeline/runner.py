"""Runs a pipeline on this machine: what is there already is not made again."""

import contextlib
import shutil
import socket
import time
from pathlib import Path

from pipeline.core import fingerprints
from pipeline.core.artifact import Artifact
from pipeline.core.contract import REFUSAL, Input, Output
from pipeline.metadata.store import CACHED, COMPLETE, FAILED, RUNNING
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.locks import held, tried
from tfdogs.progress import say


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
        with contextlib.ExitStack() as locks:
            # A run whose lock a burial holds for a moment waits for its end, and is not refused.
            with held(self._root / ".work" / "burial.lock", wait=True):
                self._bury_the_killed()
                locks.enter_context(held(self._lock(run), what=f"run {run}"))
            began = {"state": RUNNING, "root": str(self._root), "host": socket.gethostname()}
            self._store.begin_run(pipeline.name, run, {**facts, **began, "reason": "", "began": time.time()})
            made = {}
            with self._telling_of_failure(run):
                for node in pipeline.nodes:
                    made[node.name] = self._run_one(pipeline, run, node, made)
            self._store.tell_run(run, {"state": COMPLETE, "ended": time.time()})
            return made

    def run_node(self, pipeline, run, name, *, facts):
        """Runs one node of a run whose nodes run in processes, and on machines, of their own.

        Args:
            pipeline, run, facts: as of `run`.
            name: the node's.

        Returns:
            Artifacts by output.

        Raises:
            UsageError: a node before it has not been run in this run.
            TfdogsError: it failed or refused, or one before it has refused.
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
        for before in pipeline.ancestors(node):
            _heed(before, made.get(before.name, {}))
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
            with contextlib.suppress(TfdogsError):  # it may be the store that failed; that is told already
                self._store.tell_run(run, {"state": FAILED, "reason": reason, "ended": time.time()})
            raise

    def _run_one(self, pipeline, run, node, made):
        outputs = self._run_node(pipeline, run, node, self._inputs(pipeline, node, made))
        _heed(node, outputs)
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
        with held(_lock_of(work), wait=True):
            for execution in self._store.running(type(node).__name__, fingerprint):
                if execution["root"] == str(self._root):  # it would hold the lock, were it alive
                    self._bury(execution)
            outputs = self._store.cached(type(node).__name__, fingerprint)
            if outputs and type(node).holds(node.parameters, inputs, outputs):
                self._store.reuse(node, fingerprint, inputs, outputs=outputs, **where)
                say(f"{node.name}: {CACHED}")
                return outputs
            execution = self._store.begin(node, fingerprint, inputs, **where, root=str(self._root))
            say(f"{node.name}: {RUNNING}")
            began = time.perf_counter()
            try:
                place = self._free_place(node, execution)
                made = self._execute(node, inputs, work, place)
                outputs = self._publish(execution, made, work, place, **where)
            except BaseException as e:
                with contextlib.suppress(TfdogsError):  # the next that holds the lock says it then
                    self._store.fail(execution, str(e) or type(e).__name__)
                if not node.resumable:
                    shutil.rmtree(work, ignore_errors=True)
                raise
        say(f"{node.name}: {COMPLETE}, {time.perf_counter() - began:.1f} s")
        return outputs

    def _free_place(self, node, execution):
        place = self._place(node.name, execution)
        if place.exists():
            raise TfdogsError(
                f"{place} is there already, made by a run that this metadata store does not know; "
                "give another --root, or the store that goes with it"
            )
        return place

    def _execute(self, node, inputs, work, place):
        """Returns unnumbered artifacts by output; they are in `work` yet, and are to be in `place`."""
        specs = type(node).declared(Output)
        if not node.resumable:
            shutil.rmtree(work, ignore_errors=True)
        folders = {key: work / key for key in specs}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        told = type(node).execute(**inputs, **folders, **node.parameters) or {}
        digests = {key: spec.type.fingerprint(folders[key]) for key, spec in specs.items()}
        return {
            key: Artifact(spec.type.name, place / key, digests[key], told.get(key, {}))
            for key, spec in specs.items()
        }

    def _publish(self, execution, made, work, place, **where):
        """Returns numbered artifacts by output; where the store refuses them they are out of sight again."""
        place.parent.mkdir(parents=True, exist_ok=True)
        work.rename(place)
        try:
            return self._store.finish(execution, made, **where)
        except BaseException:
            place.rename(work)
            raise

    def _bury_the_killed(self):
        """Marks as failed what ran in a killed process, and takes back what the store has not heard of.

        Runs of other hosts are left alone: locks of a shared file system may not reach them.
        """
        ours = {"state": RUNNING, "root": str(self._root), "host": socket.gethostname()}
        for facts in self._store.runs():
            if {"host": ours["host"], **facts}.items() >= ours.items():
                with tried(self._lock(facts["run"])) as dead:
                    if dead:
                        self._bury_run(facts["pipeline"], facts["run"])

    def _bury_run(self, pipeline, run):
        """Marks a run as failed, its lock being held, unless it has ended since it was looked for."""
        states = {facts["run"]: facts["state"] for facts in self._store.runs(pipeline)}
        if states[run] != RUNNING:
            return
        for execution in self._store.executions(run):
            if execution["state"] == RUNNING:
                # Who holds the node's lock has buried it before beginning anew.
                with tried(_lock_of(self._work(execution["component"], execution["fingerprint"]))) as dead:
                    if dead:
                        self._bury(execution)
        self._store.tell_run(run, {"state": FAILED, "reason": "killed"})

    def _bury(self, execution):
        """Marks an execution as failed, its node's lock being held, and takes its folder back."""
        place = self._place(execution["node"], execution["id"])
        if place.exists():
            work = self._work(execution["component"], execution["fingerprint"])
            shutil.rmtree(work, ignore_errors=True)
            place.rename(work)
        self._store.fail(execution["id"], "killed")

    def _place(self, node, execution):
        return self._root / node / str(execution)

    def _work(self, component, fingerprint):
        return self._root / ".work" / f"{component}-{fingerprint}"

    def _lock(self, run):
        return self._root / ".work" / f"run-{run}.lock"


def _lock_of(work):
    return work.with_suffix(".lock")


def _heed(node, outputs):
    """Raises TfdogsError where a node's outputs say that nothing may come after it."""
    for artifact in outputs.values():
        if artifact.properties.get(REFUSAL):
            raise TfdogsError(f"{node.name} stopped the pipeline: {artifact.properties[REFUSAL]}")
