"""Progress with an ETA."""

import sys
import time

import keras
import tqdm

from tfdogs.progress import say


class Progress(keras.callbacks.Callback):
    """A TQDM bar on a terminal, a plain line every `seconds` elsewhere.

    Args:
        total_images: images at which training is done.
        seconds: from one plain line to the next; default 30.
        file: where it is printed; default standard error.
        clock: gives seconds; of what it leaves out neither speed nor ETA know.
    """

    def __init__(self, total_images, *, seconds=30.0, file=None, clock=time.perf_counter):
        super().__init__()
        self._total = total_images
        self._seconds = seconds
        self._file = file or sys.stderr
        self._clock = clock

    def on_train_begin(self, logs=None):
        self._start = self._seen()
        self._began = self._printed = self._clock()
        self._bar = tqdm.tqdm(
            total=self._total / 1000,
            initial=self._start / 1000,
            unit="kimg",
            file=self._file,
            disable=not self._file.isatty(),
            bar_format="{l_bar}{bar}| {n:.1f}/{total:.1f} kimg [{elapsed}{postfix}]",
        )

    def on_train_batch_end(self, batch, logs=None):
        seen, now = self._seen(), self._clock()
        rate = (seen - self._start) / max(now - self._began, 1e-9)
        text = f"{_verdicts(rate, logs)}, ETA {tqdm.tqdm.format_interval((self._total - seen) / rate)}"
        if not self._bar.disable:
            self._bar.n = seen / 1000
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.refresh() if now - self._printed > 0.2 else None
        elif now - self._printed > self._seconds:
            say(f"{seen / 1000:.1f}/{self._total / 1000:.1f} kimg, {text}", self._file)
        else:
            return
        if now - self._printed > 0.2:
            self._printed = now

    def on_train_end(self, logs=None):
        self._bar.close()

    def _seen(self):
        return int(self.model.images_seen.numpy())


def _verdicts(rate, logs):
    parts = [f"{rate:.0f} img/s"]
    for name in ("d_real", "d_fake"):
        if logs and name in logs:
            parts.append(f"{name} {float(logs[name]):.2f}")
    return ", ".join(parts)
