"""Beam's direct runner, with workers that are forked instead of started."""

import contextlib
import logging
import threading

import grpc
from apache_beam.portability.api import beam_fn_api_pb2
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
        with _without_tracebacks_of_the_dead():
            return super().run_via_runner_api(pipeline_proto, options)


@contextlib.contextmanager
def _without_tracebacks_of_the_dead():
    """The threads that listen to a worker die with it, and say so at length; one line says it later."""
    hook, logger = threading.excepthook, logging.getLogger("apache_beam.runners.worker.data_plane")
    level = logger.level

    def quiet(args):
        if not issubclass(args.exc_type, grpc.RpcError):
            hook(args)

    threading.excepthook = quiet
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        threading.excepthook = hook
        logger.setLevel(level)


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

        self._death = ""
        self._push, self.control_conn.push = self.control_conn.push, self._ask
        self._process = forkserver.context().Process(target=work, args=(self.control_address, self.worker_id))
        self._process.start()
        threading.Thread(target=self._watch, daemon=True).start()

    def _ask(self, request):
        future = self._push(request)
        if self._death and future is not None:
            self._answer(future)
        return future

    def _watch(self):
        self._process.join()
        if self._process.exitcode:
            self._death = f"a worker process ended with {self._process.exitcode}"
            for future in list(self.control_conn._futures_by_id.values()):
                self._answer(future)

    def _answer(self, future):
        """Answers for a dead worker, which Beam would wait for."""
        response = beam_fn_api_pb2.InstructionResponse(
            instruction_id=future.instruction_id, error=self._death
        )
        future.set(response)

    def stop_worker(self):
        self._process.join()
