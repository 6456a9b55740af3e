"""Beam's direct runner, with workers that are forked instead of started."""

import threading

from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import Environment, python_sdk_capabilities

from pipeline.beam import forkserver

_URN = "tfdogs:env:forked_python:v1"


class ForkingRunner(FnApiRunner):
    """Runs a graph on this machine.

    Beam's own `multi_processing` starts every worker of every graph anew, and each imports Beam for seconds;
    these begin in milliseconds. A worker that dies fails the graph; Beam's would wait for it for ever.

    Args:
        workers: number of processes; with 1 this process itself does the work.
    """

    def __init__(self, workers):
        environment = _ForkedEnvironment(python_sdk_capabilities(), ()) if workers > 1 else None
        super().__init__(default_environment=environment)
        self._workers = workers

    def run_via_runner_api(self, pipeline_proto, options):
        """Runs a graph; called by Beam."""
        self._num_workers = self._workers  # the option for it is of Beam's own kinds of workers
        return super().run_via_runner_api(pipeline_proto, options)


@Environment.register_urn(_URN, bytes)
def _parse(payload, capabilities, artifacts, resource_hints, context):
    return _ForkedEnvironment(capabilities, artifacts, resource_hints)


class _ForkedEnvironment(Environment):
    def to_runner_api_parameter(self, context):
        return _URN, b""


@WorkerHandler.register_environment(_URN, bytes)
class _ForkedWorker(GrpcWorkerHandler):
    def __init__(self, payload, state, provision_info, grpc_server):
        super().__init__(state, provision_info, grpc_server)

    def start_worker(self):
        from pipeline.beam.worker import work

        self._process = forkserver.context().Process(target=work, args=(self.control_address, self.worker_id))
        self._process.start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        self._process.join()
        if self._process.exitcode:
            self.control_conn.abort(RuntimeError(f"a worker process ended with {self._process.exitcode}"))

    def stop_worker(self):
        self._process.join()
