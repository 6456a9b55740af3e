"""What a run will take, measured before it begins."""

import math
import statistics
import time

import tensorflow as tf
import tqdm

from tfdogs.training import memory

_WARM_UP, _MEASURED = 2, 5


def report(config, gan, feed, workers):
    """Prints configuration, devices, data, parameters, measured speed, memory and ETA; saves nothing.

    A few real steps are trained on real data, so the GAN is not the one to go on with.

    Args:
        config: `tfdogs.training.config.TrainConfig`.
        gan: a compiled `GAN`.
        feed: `tfdogs.data.feed.Feed`.
        workers: `tfdogs.training.workers.Workers`, which all train these steps.
    """
    say = workers.say
    say(config.dump().rstrip("\n"))
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    say(f"devices:    {', '.join(device.name for device in devices)} ({config.precision})")
    say(f"data:       {feed.describe()}")
    for name in ("generator", "discriminator"):
        say(f"{name + ':':<14}{getattr(gan, name).count_params():,} parameters")
    seen = int(gan.images_seen.numpy())
    lazy = [regularizer.interval for regularizer in gan.regularizers]
    steps = max([_MEASURED, *lazy])  # a lazy penalty is due once among them
    seconds = _measure(gan, workers.batches(feed, start_image=seen, parts=config.d_steps), steps)
    rate = feed.batch_size / statistics.fmean(seconds)
    left = max(round(config.total_kimg * 1000) - seen, 0)
    low, high = feed.batch_size / max(seconds), feed.batch_size / min(seconds)
    say(f"speed:      {rate:.1f} img/s (single steps: {low:.1f} to {high:.1f})")
    say(f"memory:     {memory.peak()}")
    say(f"ETA:        {tqdm.tqdm.format_interval(left / rate)} for {left / 1000:,.1f} kimg")
    if config.eval_kimg:
        batch = feed.batch_size * int(gan._steps_per_execution.numpy())
        count = num_evaluations(seen, seen + left, batch, config.eval_kimg)
        say(f"and:        {count:,} evaluations of {config.eval_images:,} images")


def num_evaluations(start, end, batch_size, kimg):
    """Returns how many evaluations a run makes, with those at image 0 and at its end.

    Args:
        start: images seen when training begins.
        end: images at which it is done.
        batch_size: images from one moment at which callbacks are called to the next.
        kimg: thousands of images from one evaluation to the next.
    """
    if start >= end:
        return 0
    period = max(round(kimg * 1000), 1)
    steps = math.ceil((end - start) / batch_size)
    passed = [(start + step * batch_size) // period for step in range(steps + 1)]
    return len(set(passed)) - 1 + (start == 0) + (passed[-1] == passed[-2])


def _measure(gan, batches, steps):
    step = gan.make_train_function()
    batches = iter(batches)
    seconds = []
    for _ in range(_WARM_UP + steps):
        began = time.perf_counter()
        logs = step(batches)
        float(logs["g_loss"])  # waits until the step is really done
        seconds.append(time.perf_counter() - began)
    return [second / gan._steps_per_execution.numpy() for second in seconds[_WARM_UP:]]
