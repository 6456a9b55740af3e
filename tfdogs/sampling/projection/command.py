"""Projection: from a run and photographs to a sheet and the latents."""

import contextlib
from pathlib import Path

import numpy as np

from tfdogs.aside import alone_at
from tfdogs.data.names import printable
from tfdogs.progress import Progress
from tfdogs.sampling import grid, output, table
from tfdogs.sampling.generation import check_run, label_index, load_run
from tfdogs.sampling.projection.photographs import Photographs
from tfdogs.sampling.seeds import Seeds

_STYLES = 1024  # drawn to see how widely styles spread


def project(config, *, run=None):
    """Finds the latents of photographs and writes `OUT.png` and `OUT.npz`.

    `OUT.png` has a row a photograph: it, the nearest candidate, the way from there, what was found. `OUT.npz`
    has `names` [N]; `latents` float32 [N, D], in the space that `space` names, "z" or "w"; `seeds` int64 [N]
    of the starts; `labels` int32 [N], where the model has classes; `start_distances` float32 [N]; `distances`
    float32 [N, steps + 1], the last of which is that of what was found; and `images` uint8 [N, H, W, C].

    All is computed in float32 by the networks that an export would have.

    Args:
        config: `tfdogs.sampling.projection.config.ProjectConfig`.
        run: `tfdogs.training.run.LoadedRun`; default: the one in `config.model_dir`.

    Raises:
        UsageError: an output cannot be used, there is no such picture, `config.model_dir` is no run or kept
            no such generator, or its model has no such class.
        TfdogsError: a picture or the run is damaged, or the disk failed.
    """
    _check_outputs(config)
    with contextlib.ExitStack() as stack:
        for path in config.outputs:
            stack.enter_context(alone_at(path))
        _check_outputs(config)  # nobody else writes them from now on
        check_run(config)
        _project(config, run)


def _check_outputs(config):
    for path in config.outputs:
        output.check(path, folder=False, overwrite=config.overwrite, command="tfdogs.project")


def _project(config, run):
    photographs = Photographs(config.image)
    run = load_run(config) if run is None else run
    label = label_index(config, run)
    height, _, channels = run.gan.image_shape
    names, images = photographs.read(height, channels)
    seeds = next(Seeds.first(config.seed, config.candidates).chunks(config.candidates))
    labels = _labels(seeds, label, run.gan.num_classes)
    with contextlib.ExitStack() as stack:
        sheet, numbers = (stack.enter_context(output.replacing(path)) for path in config.outputs)
        progress = stack.enter_context(Progress("project", len(images) * config.steps, unit="step"))
        projector, space = _projector(config, run.gan, progress)
        found = projector.project(images, seeds, labels)
        sheet.write_bytes(grid.encode_png(_sheet(names, images, found)))
        with numbers.open("wb") as file:
            np.savez(file, **_numbers(names, found, space))
    for name, one in zip(names, found):
        print(f"{printable(name)}: distance {one.distances[-1]:.3f}, from {one.start:.3f} of seed {one.seed}")
    print(f"{' and '.join(map(str, config.outputs))}: {len(found)} projected, at {run.kimg:g} kimg")


def _labels(seeds, label, num_classes):
    """Returns the candidates' classes, int32 [N]: the one asked for, or all in turn; None without classes."""
    if not num_classes:
        return None
    return (seeds % num_classes if label is None else np.full(len(seeds), label)).astype(np.int32)


def _projector(config, gan, progress):
    """Returns the `Projector` of a GAN, and the name of the space that it searches."""
    from tfdogs.sampling.projection.distance import Distance
    from tfdogs.sampling.projection.latent_space import LatentSpace
    from tfdogs.sampling.projection.projector import Projector
    from tfdogs.sampling.projection.style_space import StyleSpace
    from tfdogs.serving.float32 import in_float32

    sampler = in_float32(gan).sampler
    if hasattr(sampler.generator, "to_w"):
        space = StyleSpace(sampler.generator, sampler.latents(range(_STYLES)))
    else:
        space = LatentSpace(sampler.generator, sampler.latent_dim, sampler.latent)
    options = {"steps": config.steps, "starts": config.starts, "seed": config.seed, "progress": progress}
    return Projector(sampler, space, Distance(gan.image_shape[0]), **options), space.name


def _sheet(names, images, found):
    steps = [f"step {step}" for step in found[0].steps[1:-1]]
    rows = [np.concatenate([image[None], one.frames]) for image, one in zip(images, found)]
    titles = [
        f"{Path(name).name}\n{one.distances[-1]:.3f} from {one.start:.3f}" for name, one in zip(names, found)
    ]
    return table.draw(np.stack(rows), rows=titles, columns=["photograph", "start", *steps, "found"])


def _numbers(names, found, space):
    arrays = {
        "names": np.array(names),
        "space": np.array(space),
        "latents": np.stack([one.point for one in found]),
        "seeds": np.array([one.seed for one in found], np.int64),
        "start_distances": np.array([one.start for one in found], np.float32),
        "distances": np.stack([one.distances for one in found]),
        "images": np.stack([one.frames[-1] for one in found]),
    }
    if found[0].label is not None:
        arrays["labels"] = np.array([one.label for one in found], np.int32)
    return arrays
