"""How Apache Beam is told where to run."""

import contextlib
import io
import shlex

from apache_beam.options.pipeline_options import PipelineOptions

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
    return found
