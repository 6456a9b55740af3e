"""How Apache Beam is told where to run."""

import contextlib
import io
import shlex

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from tfdogs.errors import UsageError


def options(beam_args):
    """Returns Beam's options.

    Args:
        beam_args: Beam's own flags in one string, such as "--runner=FlinkRunner --flink_master=host:8081";
            where they name no runner, it is this machine.

    Raises:
        UsageError: Beam does not understand `beam_args`.
    """
    try:
        args = shlex.split(beam_args)
    except ValueError as e:
        raise UsageError(f"--beam_args must be words as in a shell: {e}. Received: {beam_args}") from e
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            found = PipelineOptions(args)
            found.get_all_options()  # Beam parses when it is asked
    except SystemExit as e:  # argparse
        why = told.getvalue().strip().rpartition("error: ")[2]
        raise UsageError(f"Apache Beam: {why}. Received: --beam_args={beam_args}") from e
    if args and found.view_as(StandardOptions).runner is None:
        _check_flags_of_this_machine(args, beam_args)
    return found


def _check_flags_of_this_machine(args, beam_args):
    """Refuses what would be passed over in silence; a runner's own flags are known to that runner only."""
    direct = [arg for arg in args if arg.startswith("--direct_")]
    if direct:
        raise UsageError(f"--beam_args: on this machine --workers says it. Received: --beam_args={beam_args}")
    with contextlib.redirect_stderr(io.StringIO()):
        unknown = PipelineOptions(args).get_all_options(retain_unknown_options=True).keys()
    unknown -= PipelineOptions([]).get_all_options().keys()
    if unknown:
        names = ", ".join(f"--{name}" for name in sorted(unknown))
        raise UsageError(f"Apache Beam has no flag {names}. Received: --beam_args={beam_args}")
