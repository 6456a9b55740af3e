"""The processes and devices that train one run, and what they agree upon."""

import contextlib
import hashlib

import numpy as np
import tensorflow as tf

from tfdogs.aside import scratch
from tfdogs.data.share import Share
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.progress import say
from tfdogs.training.cluster import Cluster

# What a collective ends with when a process at its other end is gone.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
)


class Workers:
    """The processes that train one run together, of which there mostly is one.

    Every method that several processes have to call together is a collective: all call the same ones in the
    same order, or wait for each other for ever.

    Args:
        strategy: of `tf.distribute`; None for one device.
        cluster: `tfdogs.training.cluster.Cluster` of the strategy; None for one process.

    Attributes:
        strategy: as given.
        several: whether there is more than one process.
        chief: whether this one writes the run's files and tells of them.
        replicas: devices among which a batch is shared, over all processes.
        processes: how many there are.
    """

    def __init__(self, strategy=None, cluster=None):
        self.strategy = strategy
        self.several = cluster is not None
        self.chief = cluster is None or cluster.chief
        self.replicas = 1 if strategy is None else strategy.num_replicas_in_sync
        self._index, self.processes = (cluster.index, len(cluster.addresses)) if cluster else (0, 1)
        self._sum = tf.function(self._sum_over_all)

    @classmethod
    def of(cls, config):
        """Returns the workers that `config.strategy` and TF_CONFIG ask for; waits until all are there.

        To be called before TensorFlow has computed anything.

        Raises:
            UsageError: a malformed TF_CONFIG, or one that does not go together with the flags; too late.
            TfdogsError: the address that TF_CONFIG gives this process is not to be had.
        """
        cluster = Cluster.from_environment()
        if cluster is None:
            if config.strategy == "multi_worker":
                config.reject("strategy", "needs several workers, and TF_CONFIG names none")
            return cls(_one_process(config))
        if config.strategy not in ("auto", "multi_worker"):
            config.reject("strategy", "must be auto or multi_worker where TF_CONFIG names several workers")
        _reject_xla(config)
        count, address = len(cluster.addresses), cluster.addresses[cluster.index]
        say(f"worker {cluster.index} of {count} at {address} waits for the others")
        try:
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except RuntimeError as e:
            raise UsageError(
                "where TF_CONFIG names several workers, training must be the first that a process does with "
                f"TensorFlow, as in python -m tfdogs.train ({e})"
            ) from e
        except tf.errors.OpError as e:
            raise TfdogsError(f"cannot take part as {address}: {' '.join(str(e).split())[:200]}") from e
        workers = cls(strategy, cluster)
        workers.any(False)
        return workers

    def scope(self):
        """Returns the context in which variables that all share are created."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def say(self, text):
        """Prints a line, once for all processes."""
        if self.chief:
            say(str(text))

    def batches(self, feed, *, start_image, parts=1):
        """Returns the stream of batches of which each replica gets its share.

        Args:
            feed: `tfdogs.data.feed.Feed` of the global batch.
            start_image: how many images of the stream were taken before.
            parts: how many parts of a batch a step takes one after the other.
        """
        if self.strategy is None:
            return feed.batches(start_image=start_image)

        def make(context):
            count = context.num_replicas_in_sync // context.num_input_pipelines
            first = context.input_pipeline_id * count
            share = Share(context.num_replicas_in_sync, first=first, count=count, parts=parts)
            return feed.batches(start_image=start_image, share=share)

        return self.strategy.distribute_datasets_from_function(make)

    def any(self, *flags):
        """Returns for each of some flags whether one of the processes has it set, a list. A collective."""
        return [bool(flag) for flag in self._table(flags).any(axis=0)]

    def differing(self, values):
        """Returns the names of what is not the same in all processes. A collective.

        Args:
            values: dict from names to what has a `repr`; the same names everywhere.
        """
        names = sorted(values)
        digests = [hashlib.sha256(repr(values[name]).encode()).digest() for name in names]
        table = self._table([int.from_bytes(digest[:6], "little") for digest in digests])
        return [name for name, column in zip(names, table.T) if len(set(column.tolist())) > 1]

    @contextlib.contextmanager
    def together(self):
        """Goes on after what is done in this context only where it succeeds everywhere. A collective.

        Raises:
            TfdogsError: it has failed in another process, which says why.
        """
        try:
            yield
        except Exception:
            self.any(True)
            raise
        if any(self.any(False)):
            raise TfdogsError("another worker has given up, and says why")

    @contextlib.contextmanager
    def folder(self, run_dir):
        """Gives the folder that this process writes into: the run's, or one that is gone afterwards.

        All take part in writing, as variables of several processes can be read by all of them only.
        """
        if self.chief:
            yield run_dir
        else:
            with scratch("tfdogs_worker") as path:
                yield path

    @contextlib.contextmanager
    def reporting_losses(self):
        """Makes one line of what TensorFlow raises where the other processes can no longer be reached.

        Raises:
            TfdogsError: then.
        """
        try:
            yield
        except LOST as e:
            if not self.several:
                raise
            raise TfdogsError(
                "the other workers cannot be reached any more; the same command on all of them goes on from "
                f"the last checkpoint ({type(e).__name__})"
            ) from e

    def _table(self, values):
        """Returns the integers of all processes, int64 [processes, values]; each times a process' devices."""
        own = np.array(values, np.int64).reshape(1, -1)
        if not self.several:
            return own
        table = np.zeros((self.processes, own.shape[1]), np.int64)
        table[self._index] = own
        return self._sum(tf.constant(table)).numpy()

    def _sum_over_all(self, values):
        def add(values):
            values = tf.identity(values)  # on this replica's device: an argument is on none
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)

        return self.strategy.experimental_local_results(self.strategy.run(add, args=(values,)))[0]


def _one_process(config):
    """Returns a MirroredStrategy, or None for one device."""
    gpus = tf.config.list_logical_devices("GPU")
    if config.strategy == "one" or (config.strategy == "auto" and len(gpus) < 2):
        return None
    _reject_xla(config)
    devices = gpus or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _reject_xla(config):
    if config.xla:
        config.reject("xla", "does not go together with several devices")
