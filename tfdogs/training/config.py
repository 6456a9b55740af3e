"""The configuration of `python -m tfdogs.train`."""

import dataclasses

from tfdogs import augment
from tfdogs.errors import UsageError
from tfdogs.losses import SIMULTANEOUS
from tfdogs.models import registry
from tfdogs.training.flags.evaluation import EvaluationFlags
from tfdogs.training.flags.game import GameFlags
from tfdogs.training.flags.networks import NetworkFlags
from tfdogs.training.flags.run import RunFlags
from tfdogs.training.flags.transfer import TransferFlags

# The models of the orthogonal penalty. It would explode on stylegan2's kernels, which are N(0, 1) and scaled
# where they are used, and see next to none of r3gan's, which are no attribute `kernel` of a layer.
_ORTHOGONAL = tuple(name for name in registry.NAMES if name not in ("r3gan", "stylegan2"))

_SHEET = 4096  # pixels: the width and height that a sheet of large images has by default

# Penalties on the gradient by each image: through a BatchNorm it is one by the whole batch.
_ONE_BY_ONE = ("gradient_penalty", "dragan", "r1", "r2")
# What joins the discriminator's loss and depends on the fakes, or is a loss of the generator's own there.
_OF_FAKES = ("auxiliary", "gradient_penalty", "lecam", "consistency")


@dataclasses.dataclass(frozen=True)
class TrainConfig(EvaluationFlags, GameFlags, TransferFlags, NetworkFlags, RunFlags):
    """Everything that decides a training run; `RUN/config.json` is its dump.

    The defaults are those that led the search in docs/results.md: 64 px, an hour of two CPU cores.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    def __post_init__(self):
        super().__post_init__()
        if self.eval_labels and not self.conditional:
            self.reject("eval_labels", "goes with --conditional only")
        batch_norm = self.model == "dcgan" and self.d_norm == "batch"
        for name in _ONE_BY_ONE:
            if batch_norm and getattr(self, name):
                rule = f"takes images one by one, which BatchNorm mixes: give --{name}=0 or --d_norm=none"
                self.reject(name, rule)
        problem = self._simultaneous_problem()
        if self.updates == "simultaneous" and problem:
            raise UsageError(f"--updates=simultaneous {problem}")
        if self.model == "wgan_gp" and not (self.loss == "wasserstein" and self.gradient_penalty):
            self.reject(
                "model",
                "needs --loss=wasserstein and --gradient_penalty, as configs/wgan_gp_dogfaces.flags has",
            )
        if self.aug_preview and augment.parse(self.augment)[0] == "none":
            self.reject("aug_preview", "needs an augmentation: give --augment")
        if self.xla:
            self._check_xla()
        if self.path_length and self.model != "stylegan2":
            self.reject("path_length", f"goes with --model=stylegan2 only, not {self.model}")
        if self.model == "stylegan2" and self.style_mixing and self.latent != "normal":
            rule = "mixes in styles of N(0, 1) latents: give --latent=normal or --style_mixing=0"
            self.reject("style_mixing", rule)
        for name in ("g_orthogonal", "d_orthogonal"):
            if getattr(self, name) and self.model not in _ORTHOGONAL:
                self.reject(name, f"goes with --model={' or '.join(_ORTHOGONAL)} only, not {self.model}")

    def resolve(self, image_size):
        """Returns the configuration with what was left open replaced: attention, sheet_columns, updates.

        Args:
            image_size: height and width of the data's images, in pixels: it decides what they mean.
        """
        given = {"updates": "simultaneous" if self.simultaneous else "alternating"}
        given["sheet_columns"] = self.sheet_columns or max(1, min(8, _SHEET // image_size))
        if self.attention == -1 and self.model in registry.OPTIONS["attention"]:
            given["attention"] = registry.default_attention(image_size)
        return dataclasses.replace(self, **given)

    @property
    def simultaneous(self):
        """Whether both networks are updated at once, see `GAN`."""
        return self.updates == "simultaneous" or (self.updates == "auto" and not self._simultaneous_problem())

    def _simultaneous_problem(self):
        """Returns what simultaneous updates would need, or None where they are possible."""
        if self.loss not in SIMULTANEOUS:
            return f"goes with --loss={' or '.join(SIMULTANEOUS)} only, not {self.loss}"
        if self.model == "stylegan2" or (self.model == "dcgan" and self.d_norm == "batch"):
            return "needs a discriminator that judges each image on its own"
        if self.precision == "mixed_float16":  # G's gradient is D's, rescaled: too small for float16 at times
            return "needs --precision=float32 or mixed_bfloat16"
        if self.r2 and self.r2_interval == 1:
            return "needs --r2=0, or an --r2_interval of 2 or more"
        for name in _OF_FAKES:
            if getattr(self, name):
                return f"needs --{name}=0"
        return "needs --top_k=1" if self.top_k < 1 else None

    def _check_xla(self):
        kind, parts = augment.parse(self.augment)
        if kind == "ada" and {"blit", "geometry"} & set(parts):
            self.reject("xla", "does not go together with --augment=ada's blit and geometry")
        if self.top_k < 1:
            self.reject("xla", "does not go together with --top_k")
