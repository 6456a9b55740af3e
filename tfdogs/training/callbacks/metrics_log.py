"""Metrics as lines of JSON and in TensorBoard."""

import json
import time
from pathlib import Path

import tensorflow as tf

from tfdogs.aside import write_text
from tfdogs.errors import naming
from tfdogs.training.callbacks.every_kimg import EveryKimg
from tfdogs.training.callbacks.tensorboard import TensorBoard


class MetricsLog(EveryKimg):
    """Appends a line to `metrics.jsonl` and scalars to TensorBoard every `kimg` thousand images.

    A line holds kimg, seconds (of training, over all resumes, without evaluations), images_per_second, and
    the means of the model's metrics over the images since the last line; one that saw none of them, as of a
    lazy penalty that was never due, is left out. Lines beyond the checkpoint that a
    run resumes from are dropped, so that the file tells one story.

    Args:
        directory: the run's folder; TensorBoard events go to its `tensorboard`.
        kimg: thousands of images from one line to the next.
        clock: gives seconds; of what it leaves out neither seconds nor images_per_second know.
    """

    FILE_NAME = "metrics.jsonl"

    def __init__(self, directory, kimg, *, clock=time.perf_counter):
        super().__init__(kimg, at_end=True)
        self._path = Path(directory, self.FILE_NAME)
        self._events = Path(directory, "tensorboard")
        self._writer, self._now = None, clock
        self._seconds = 0.0

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        earlier = [line for line in read(self._path) if round(line["kimg"] * 1000) <= self._last]
        self._seconds = earlier[-1]["seconds"] if earlier else 0.0
        write_text(self._path, "".join(json.dumps(line) + "\n" for line in earlier))
        self._writer = TensorBoard(self._events)
        self._clock, self._logged = self._now(), self._last

    def act(self, images_seen, logs):
        now = self._now()
        elapsed, images = now - self._clock, images_seen - self._logged
        self._seconds += elapsed
        self._clock, self._logged = now, images_seen
        idle = {metric.name for metric in self.model.metrics if _saw_nothing(metric)}
        values = {name: float(value) for name, value in logs.items() if name not in idle}
        line = {
            "kimg": images_seen / 1000,
            "seconds": round(self._seconds, 3),
            "images_per_second": round(images / max(elapsed, 1e-9), 3),
            **values,
        }
        with naming(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._writer.write(line, images_seen)
        self.model.reset_metrics()

    def on_train_end(self, logs=None):
        super().on_train_end(logs)
        self._writer.close()


def _saw_nothing(metric):
    count = getattr(metric, "count", None)
    return count is not None and float(tf.convert_to_tensor(count)) == 0.0


def read(path):
    """Returns the lines of a `metrics.jsonl` as dicts; a last line that a kill cut short is left out."""
    lines = []
    for text in Path(path).read_text(encoding="utf-8").splitlines() if Path(path).is_file() else []:
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
