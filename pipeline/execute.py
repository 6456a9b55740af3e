"""A run from configuration to result: which run, what of it is there already, the report."""

import dataclasses
import datetime
import json
import secrets
from pathlib import Path

from pipeline.core.code_version import code_version
from pipeline.definition import define
from pipeline.metadata.store import COMPLETE, Store
from pipeline.report.run_report import write_report
from pipeline.runner import Runner
from tfdogs.errors import UsageError

REPORT = "pipeline_report.html"


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
        UsageError: there is no such run to go on with, or it was begun with other flags.
        TfdogsError: a component failed or refused.
    """
    store = open_store(config)
    run = _resumed(store, config) if config.resume else _new(store, config)
    pipeline = define(config)
    report = Path(config.root, "runs", run, REPORT)
    print(f"run {run} of {config.pipeline_name}", flush=True)
    facts = {"flags": config.dump(), "version": code_version()}
    try:
        Runner(store, config.root).run(pipeline, run, facts)
    finally:
        if any(facts["run"] == run for facts in store.runs()):  # it has begun
            write_report(store, pipeline, run, report)
            print(f"{report}: what happened", flush=True)
    return report


def run_step(config):
    """Runs one node of a run whose other nodes run elsewhere; the run's report is written after each.

    Args:
        config: `pipeline.kubeflow.step_config.StepConfig`.

    Raises:
        UsageError: there is no such node, or one before it is not there.
        TfdogsError: the node failed or refused.
    """
    pipeline = define(config)
    names = [node.name for node in pipeline.nodes]
    if config.node not in names:
        config.reject("node", f"must be one of {', '.join(names)}")
    store = open_store(config)
    facts = {"flags": config.dump(), "version": code_version()}
    try:
        Runner(store, config.root).run_node(pipeline, config.run, config.node, facts)
    finally:
        write_report(store, pipeline, config.run, Path(config.root, "runs", config.run, REPORT))


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
    if not unfinished:
        which = f"run {config.run}" if config.run else "run"
        raise UsageError(f"--resume: {config.pipeline_name} has no {which} that is not complete")
    facts = unfinished[-1]
    before = type(config).from_dict(json.loads(facts["flags"]))
    changes = dataclasses.replace(before, root=config.root).diff(config)
    if changes:
        listed = "\n  ".join(changes)
        raise UsageError(
            f"run {facts['run']} was begun with other flags; give its own, or leave --resume out "
            f"for a new run, which makes nothing again that is there. Changed:\n  {listed}"
        )
    return facts["run"]
