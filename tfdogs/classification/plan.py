"""What a study will take, measured before it begins."""

import time

import tqdm

from tfdogs.classification import gans, pools, trial
from tfdogs.classification.batches import batches
from tfdogs.classification.mixture import mix
from tfdogs.data.names import printable

_WARM_UP, _MEASURED = 2, 5  # steps


def report(config, reals, todo, done):
    """Prints the plan, the network's speed and the ETA; saves nothing.

    Args:
        config: `tfdogs.classification.config.ClassifyConfig`.
        reals: `tfdogs.classification.reals.Reals`.
        todo: (fraction, seed) of the points to train.
        done: number of points that are there already.
    """
    print(config.dump(), end="")
    size = "x".join(map(str, reals.image_shape))
    tests = sum(map(len, reals.test))
    names = ", ".join(map(printable, reals.classes))
    print(f"data:     {len(reals.classes)} classes ({names}), {size}; {tests:,} real test images")
    print(f"training: {reals.per_class:,} images a class, {config.epochs} epochs")
    mixed = config.mixed_classes(reals.classes)
    if 0 < len(mixed) < len(reals.classes):
        print(f"mixed:    {', '.join(map(printable, mixed))}; images of other classes are all real")
    waiting = _gan_seconds(config, mixed)
    print(f"points:   {len(todo)} to train, {done} are there already")
    train, test = _measure(config, reals)
    images = len(reals.classes) * reals.per_class
    steps = trial.steps_per_epoch(config, images)
    tests += sum(len(some) for name, some in zip(reals.classes, reals.test) if name in mixed)
    looks = config.epochs + min(config.early_points, steps)
    each = config.epochs * steps * config.batch_size / train + looks * tests / test
    print(f"speed:    {train:.1f} img/s in training, {test:.1f} img/s in tests")
    interval = tqdm.tqdm.format_interval
    print(f"ETA:      {interval(len(todo) * each)} for the networks, {interval(each)} each")
    if waiting:
        print(f"and:      at most {interval(waiting)} for the GANs")
    elif waiting is None:
        print("and:      the GANs: python -m tfdogs.train --dry_run tells how long one takes")


def _gan_seconds(config, mixed):
    """Prints what the GANs will be; returns the seconds left to train them, None where nobody knows."""
    if not config.gan_flagfile:
        return 0.0
    missing = [name for name in mixed if not pools.pool_path(config.output_dir, name).is_file()]
    recipes = [gans.recipe(config, name) for name in missing]
    for name, recipe in zip(missing, recipes):
        what = f"{recipe.model}, {recipe.total_kimg:g} kimg, in {recipe.model_dir}"
        print(f"GAN:      {printable(name)}: {what}")
    if missing and not config.gan_seconds:
        return None
    return sum(recipe.max_wall_seconds for recipe in recipes)


def _measure(config, reals):
    """Returns images a second, in training and in tests."""
    images, labels = mix(reals.train, {}, 0.0, count=reals.per_class)
    steps = _WARM_UP + _MEASURED
    network = trial.network(config, reals.image_shape, len(reals.classes), seed=0, steps=steps)
    step, judge = network.make_train_function(), network.make_test_function()
    stream = batches(images, labels, batch_size=config.batch_size)
    speeds = []
    for call in (step, judge):
        rounds = iter(stream)
        seconds = []
        for _ in range(steps):
            began = time.perf_counter()
            float(call(rounds)["loss"])  # waits until the step is really done
            seconds.append(time.perf_counter() - began)
        speeds.append(config.batch_size * _MEASURED / sum(seconds[_WARM_UP:]))
    return speeds
