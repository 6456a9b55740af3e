"""The check that a command line asks for: verdicts printed, scores where there are reals, a report."""

import contextlib
import json
import sys
from pathlib import Path

import tfdogs
from tfdogs.aside import alone_at
from tfdogs.competition.validation import validate
from tfdogs.errors import TfdogsError
from tfdogs.metrics import reference
from tfdogs.metrics.image_sets import DataDir, open_images
from tfdogs.sampling import output


def run(config):
    """Checks a zip, scores it where it is valid and there is something to score it against, and reports.

    Args:
        config: `tfdogs.competition.config.SubmissionConfig`.

    Returns:
        The `tfdogs.competition.validation.Validation`.

    Raises:
        UsageError: a path does not lead to a file or to images, or the report is there already.
        TfdogsError: the zip is not valid, which was then printed; the scores could not be computed, or
            another process writes the report.
    """
    if not Path(config.zip).is_file():
        config.reject("zip", "must be an existing file")
    with contextlib.ExitStack() as stack:
        if config.report:
            _check_report(config)
            stack.enter_context(alone_at(config.report))
            _check_report(config)  # nobody else writes it from now on
        return _run(config)


def _check_report(config):
    output.check(config.report, folder=False, overwrite=config.overwrite, flag="report")


def _run(config):
    _check_reals(config)  # a wrong path costs no look at 10,000 images
    validation = validate(config.zip, num_images=config.num_images, image_size=config.image_size)
    _print(validation.table())
    evaluation = None
    if validation.failed:
        _print("not scored: only a valid zip is")
    elif config.evaluation is None:
        _print("not scored: --data_dir or --reals says against which training images")
    else:
        from tfdogs.metrics import command

        _print("")
        evaluation = command.run(config.evaluation)
    if config.report:
        values = {"tfdogs": tfdogs.__version__, **validation.to_dict()}
        values["evaluation"] = None if evaluation is None else evaluation.to_dict()
        with output.replacing(config.report) as path:
            path.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if validation.failed:
        raise TfdogsError(f"{config.zip} is not valid: {', '.join(validation.failed)}")
    return validation


def _check_reals(config):
    """Refuses what cannot be scored against."""
    if config.data_dir:
        DataDir(config.data_dir)
    elif config.reals:
        if reference.is_statistics(config.reals):
            config.reject("reals", "must be images: MiFID compares with each of them, not with statistics")
        open_images(config.reals, flag="reals")


def _print(text):
    encoding = sys.stdout.encoding or "utf-8"  # one without ± is no reason to fail
    print(text.encode(encoding, "replace").decode(encoding))
