"""Where a run reads and writes, how long it goes, on what, and what it leaves on the way."""

import dataclasses

from tfdogs.config import Config, flag

# The arithmetic of networks that Keras knows, and what stands for one of them.
POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
PRECISIONS = ("auto", *POLICIES)


@dataclasses.dataclass(frozen=True)
class RunFlags(Config):
    """See the module."""

    data_dir: str = flag("Prepared data, as python -m tfdogs.prepare leaves it.", run_control=True)
    model_dir: str = flag("The run's folder; a run that is in it is continued.", run_control=True)
    total_kimg: float = flag(
        "Thousands of images to show the discriminator.", default=1800.0, lower=0.001, run_control=True
    )
    seed: int = flag(
        "Seed of weights, latents, data order and augmentation.", default=0, lower=0, upper=2**32 - 1
    )

    precision: str = flag(
        "Arithmetic of the networks. auto: mixed_bfloat16 where the processor has instructions for it "
        "(AVX512-BF16 or AMX) and there is no GPU, else float32; config.json keeps what was chosen, and a "
        "resumed run stays with it.",
        default="auto",
        choices=PRECISIONS,
    )
    xla: bool = flag("Compile with XLA: for GPUs; several times slower on a CPU.", default=False)
    steps_per_execution: int = flag(
        "Steps in a call into TensorFlow; logs, sheets, checkpoints and signals wait for its end. 0: up to 8 "
        "where steps are small and those intervals hold many of them, which saves Keras' time between them.",
        default=0,
        lower=0,
        run_control=True,
    )
    op_threads: int = flag(
        "Processor threads that one operation may use; 0: as TensorFlow chooses, all of them; -1: 1 with "
        "simultaneous updates on two cores without a GPU, where that is faster, else 0.",
        default=-1,
        lower=-1,
        run_control=True,
    )
    strategy: str = flag(
        "Devices: one, or mirrored over all that are visible, or multi_worker: over the processes that the "
        "environment variable TF_CONFIG names; auto: multi_worker where it names several, else mirrored "
        "where there are several GPUs.",
        default="auto",
        choices=("auto", "one", "mirrored", "multi_worker"),
    )

    log_kimg: float = flag(
        "Thousands of images from one line of metrics to the next.",
        default=1.0,
        lower=0.001,
        run_control=True,
    )
    sheet_kimg: float = flag(
        "Thousands of images from one sheet of samples to the next; sheets are numbered by it.",
        default=10.0,
        lower=1.0,
        run_control=True,
    )
    sheet_columns: int = flag(
        "Columns and rows of a sheet; 0: 8, and of images over 512 px as many as have 4096 px.",
        default=0,
        lower=0,
        upper=64,
        run_control=True,
    )
    checkpoint_kimg: float = flag(
        "Thousands of images from one checkpoint to the next.", default=20.0, lower=0.001, run_control=True
    )
    keep_checkpoints: int = flag("Checkpoints kept, the newest.", default=2, lower=1, run_control=True)
    max_wall_seconds: float = flag(
        "Save and stop after this time, without a last evaluation; 0 for no limit.",
        default=0.0,
        lower=0.0,
        run_control=True,
    )
    on_divergence: str = flag(
        "When losses or weights are no longer finite: rollback, go back to the last checkpoint, or to the "
        "beginning where there is none, and on with half the learning rates, at most 3 times; or stop.",
        default="rollback",
        choices=("rollback", "stop"),
        run_control=True,
    )
    aug_preview: str = flag(
        "Write a sheet of real images as the discriminator would see them to this new .png, and train "
        "nothing.",
        default="",
        run_control=True,
    )
    dry_run: bool = flag(
        "Print configuration, device, data, speed, memory and ETA; train nothing.",
        default=False,
        run_control=True,
    )

    def __post_init__(self):
        super().__post_init__()
        if self.xla and self.strategy in ("mirrored", "multi_worker"):
            self.reject("xla", f"does not go together with --strategy={self.strategy}")
        if self.aug_preview and not self.aug_preview.lower().endswith(".png"):
            self.reject("aug_preview", "must end in .png")
