"""The export of a run: from a configuration to a version and what serves it."""

import importlib.util
import math
from pathlib import Path

from tfdogs.aside import alone_in
from tfdogs.errors import TfdogsError, UsageError
from tfdogs.metrics import history
from tfdogs.sampling.generation import check_run, load_run
from tfdogs.serving import deployment, version_folders


def export_run(config):
    """Exports a run's averaged generator, and its discriminator, to `config.export_dir`.

    Args:
        config: `tfdogs.serving.export_config.ExportConfig`.

    Raises:
        UsageError: the export cannot be written there, or has another name there, `config.model_dir` is no
            run or kept no best generator, or a package is missing.
        TfdogsError: the run is damaged, or the disk failed.
    """
    version_folders.check(config.export_dir, config.version or None)
    with alone_in(config.export_dir):
        _export_run(config)


def _export_run(config):
    version = config.version or None
    version_folders.check(config.export_dir, version)
    name = deployment.choose_name(config.export_dir, config.name)
    check_run(config)
    _check_packages(config)
    # Not before all that: TensorFlow takes seconds to import.
    from tfdogs.serving.saved_model import export
    from tfdogs.serving.signatures import NAMES

    loaded = load_run(config)
    folder = export(
        loaded.gan,
        config.export_dir,
        version=version,
        classes=loaded.classes if loaded.gan.num_classes else (),
        card=_card(config, loaded),
        onnx=config.onnx,
        tflite=config.tflite,
    )
    try:
        kept = deployment.write(config.export_dir, name)
    except OSError as e:
        raise TfdogsError(f"cannot write {config.export_dir}: {e.strerror or e}") from e
    if kept:
        print(f"{config.export_dir}: kept as they were, though not what is written today: {', '.join(kept)}")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(
        f"{folder}: version {folder.name} of {name}, at {loaded.kimg:g} kimg, {size / 2**20:.1f} MiB, "
        f"signatures {', '.join(NAMES)}"
    )


def _check_packages(config):
    needed = {"tensorflow_serving": "serve"}
    if config.onnx:
        needed["tf2onnx"] = "onnx"
    for package, extra in needed.items():
        if importlib.util.find_spec(package) is None:
            raise UsageError(f"this needs {package}, which is not installed: pip install 'tfdogs[{extra}]'")


def _card(config, run):
    """Returns what the run adds to a GAN's card; an average of another length was never scored."""
    lines = history.read(Path(config.model_dir, history.FILE_NAME))
    lines = history.of_generator(lines, run.kimg, run.best)
    lines = [] if config.ema_length else lines
    return {
        "model": run.config.model,
        "kimg": run.kimg,
        "data": Path(run.config.data_dir).resolve().name,
        "scores": _finite(lines[-1]["scores"]) if lines else {},
    }


def _finite(value):
    """Returns a JSON value with None in the place of every number that JSON lacks."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
