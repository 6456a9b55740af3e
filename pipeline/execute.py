"""A run from configuration to result: which run, what of it is there already, the report."""

import dataclasses
import datetime
import json
import secrets
import sys
from pathlib import Path

from pipeline.checks import check, check_environment
from pipeline.core.code_version import code_version
from pipeline.definition import define
from pipeline.metadata.address import without_password
from pipeline.metadata.store import COMPLETE, Store
from pipeline.report.run_report import write_report
from pipeline.run_config import RunConfig
from pipeline.runner import Runner
from tfdogs.errors import UsageError
from tfdogs.progress import say
from tfdogs.training.config import TrainConfig

REPORT = "pipeline_report.html"

# Values by which a flag of tfdogs.train leaves to the run what it is: a run that has begun knows.
_LEFT_OPEN = {"precision": "auto", "attention": -1, "eval_labels": "", "updates": "auto", "sheet_columns": 0}


def open_store(config):
    """Returns the `Store` that `config.metadata` and `config.root` name."""
    return Store(config.metadata or Path(config.root, "metadata.sqlite"))


def run_pipeline(config):
    """Runs the pipeline, or goes on with a run of it, and writes its report in any case.

    Args:
        config: `pipeline.run_config.RunConfig`.

    Returns:
        Path of the report.

    Raises:
        UsageError: a flag with which a component would fail, there is no such run to go on with, or it was
            begun with other flags.
        TfdogsError: a component failed or refused.
    """
    check(config)
    store = open_store(config)
    run = _resumed(store, config) if config.resume else _new(store, config)
    pipeline = define(config)
    say(f"run {run} of {config.pipeline_name}")
    try:
        Runner(store, config.root).run(pipeline, run, _facts(config))
    finally:
        report = _report(store, pipeline, run, config.root)
    return report


def run_step(config):
    """Runs one node of a run whose other nodes run elsewhere; the run's report is written after each.

    Args:
        config: `pipeline.kubeflow.step_config.StepConfig`.

    Raises:
        UsageError: there is no such node, or one before it is not there.
        TfdogsError: the node failed or refused, or one before it has refused.
    """
    check_environment()
    pipeline = define(config)
    names = [node.name for node in pipeline.nodes]
    if config.node not in names:
        config.reject("node", f"must be one of {', '.join(names)}")
    store = open_store(config)
    try:
        Runner(store, config.root).run_node(pipeline, config.run, config.node, facts=_facts(config))
    finally:
        _report(store, pipeline, config.run, config.root)


def _facts(config):
    """Returns what the store is told of a run: its flags, and what those of the training come to."""
    flags = {field.name: getattr(config, field.name) for field in dataclasses.fields(RunConfig)}
    flags["metadata"] = without_password(config.metadata)
    train = json.dumps(config.train_config().to_dict(), sort_keys=True)
    return {"flags": json.dumps(flags, indent=2) + "\n", "train": train, "version": code_version()}


def _report(store, pipeline, run, root):
    """Writes the page of a run, if it has begun; returns the page's path."""
    path = Path(root, "runs", run, REPORT)
    try:
        if any(facts["run"] == run for facts in store.runs(pipeline.name)):
            write_report(store, pipeline, run, path=path)
            say(f"{path}: what happened")
    except Exception as e:  # it must not fail a run that succeeded, nor hide why one failed
        say(f"{path} could not be written: {' '.join(str(e).split())}", sys.stderr)
    return path


def _new(store, config):
    """Returns the name of a new run."""
    if config.run:
        if any(facts["run"] == config.run for facts in store.runs()):
            config.reject("run", "is there already; --resume goes on with it, another name begins anew")
        return config.run
    now = datetime.datetime.now()
    return f"{config.pipeline_name}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _resumed(store, config):
    """Returns the name of the run to go on with."""
    runs = store.runs(config.pipeline_name)
    wanted = [facts for facts in runs if facts["run"] == config.run] if config.run else runs
    unfinished = [facts for facts in wanted if facts["state"] != COMPLETE]
    ours = [facts for facts in unfinished if facts.get("root")]  # pipeline.step's have none
    if not ours:
        which = f"run {config.run}" if config.run else "run"
        steps = "; those of pipeline.step go on by pipeline.step" if unfinished else ""
        raise UsageError(f"--resume: {config.pipeline_name} has no {which} that is not complete{steps}")
    changes = _changes(ours[-1], config)
    if changes:
        listed = "\n  ".join(changes)
        raise UsageError(
            f"run {ours[-1]['run']} was begun with other flags; give its own, or leave --resume out "
            f"for a new run, which makes nothing again that is there. Changed:\n  {listed}"
        )
    return ours[-1]["run"]


def _changes(facts, config):
    """Returns a line for each flag that a run was begun with and that is another now."""
    try:
        values, train = json.loads(facts["flags"]), json.loads(facts.get("train", "null"))
        if train is not None:  # what the flags came to then, whatever is in their file now
            values.update(train_flagfile=config.train_flagfile, train_flags=config.train_flags)
        changes = RunConfig.from_dict(values).diff(config)
    except (UsageError, KeyError, TypeError, ValueError, AttributeError) as e:
        raise UsageError(
            f"run {facts['run']} was begun with flags that cannot be read any more ({e}); leave --resume out "
            "for a new run, which makes nothing again that is there"
        ) from e
    if train is None:
        return changes
    now = config.train_config().to_dict()
    known = {name: value for name, value in train.items() if name in now}
    # As it reads today: without the flags of other models, whose defaults may have changed since.
    then = TrainConfig.from_dict({**now, **known}).to_dict()
    open_now = {name for name, value in _LEFT_OPEN.items() if now[name] == value}
    different = [name for name in known if name not in open_now and then[name] != now[name]]
    return changes + [f"--train_flags: --{name}: {then[name]!r} -> {now[name]!r}" for name in different]
