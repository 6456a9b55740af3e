"""The configuration of `python -m tfdogs.train`."""

import dataclasses

from tfdogs import augment
from tfdogs.training.flags.evaluation import EvaluationFlags
from tfdogs.training.flags.game import GameFlags
from tfdogs.training.flags.networks import NetworkFlags
from tfdogs.training.flags.run import RunFlags


@dataclasses.dataclass(frozen=True)
class TrainConfig(EvaluationFlags, GameFlags, NetworkFlags, RunFlags):
    """Everything that decides a training run; `RUN/config.json` is its dump.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    def __post_init__(self):
        super().__post_init__()
        batch_norm = self.model == "dcgan" and self.d_norm == "batch"
        if batch_norm and (self.gradient_penalty or self.dragan):
            name = "gradient_penalty" if self.gradient_penalty else "dragan"
            self.reject(name, "takes images one by one: it must be 0, or --d_norm=none")
        if self.model == "wgan_gp" and not (self.loss == "wasserstein" and self.gradient_penalty):
            self.reject(
                "model",
                "needs --loss=wasserstein and --gradient_penalty, as configs/wgan_gp_dogfaces.flags has",
            )
        if self.xla:
            self._check_xla()
        if self.path_length and self.model != "stylegan2":
            self.reject("path_length", f"goes with --model=stylegan2 only, not {self.model}")

    def _check_xla(self):
        kind, parts = augment.parse(self.augment)
        if kind == "ada" and {"blit", "geometry"} & set(parts):
            self.reject("xla", "does not go together with --augment=ada's blit and geometry")
        if self.top_k < 1:
            self.reject("xla", "does not go together with --top_k")
