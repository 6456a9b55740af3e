"""The configuration of `python -m tfdogs.serve`."""

import dataclasses
import re

from tfdogs.config import Config, flag
from tfdogs.serving.model_name import check_name

_HOST = re.compile(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


@dataclasses.dataclass(frozen=True)
class ServeConfig(Config):
    """What to serve, where, and within which limits.

    Raises:
        UsageError: a value out of range, or flags that exclude each other.
    """

    export_dir: str = flag("Folder of version folders, as python -m tfdogs.export leaves it.")
    name: str = flag("Name of the model in the API: /v1/models/NAME.", default="dogs")
    host: str = flag(
        "Address to listen on. Whatever is not loopback can be reached by others: there is no "
        "authentication and no encryption.",
        default="127.0.0.1",
    )
    allowed_hosts: str = flag(
        "Names, separated by commas, by which the page and the REST API may be asked besides localhost and "
        "--host: dogs.example, .dogs.example for all names below it too, * for any name. Empty: none on "
        "loopback, any beyond it.",
        default="",
    )
    port: int = flag("Port of page and REST API; 0: any free one.", default=8501, lower=0, upper=65535)
    grpc_port: int = flag(
        "Port of the gRPC API; 0: no gRPC; -1: any free one.", default=0, lower=-1, upper=65535
    )
    reals: str = flag(
        "Real pictures for the page's quiz: a folder, a .zip or .tar, or a data_dir; empty: none.", default=""
    )
    max_reals: int = flag("Most real pictures, kept in memory.", default=200, lower=1, upper=10_000)
    concurrency: int = flag("Requests that run at once.", default=2, lower=1, upper=256)
    queue: int = flag(
        "Requests that wait while others run; the surplus is refused with status 503.",
        default=64,
        lower=0,
        upper=10_000,
    )
    merge: bool = flag(
        "Run rows of waiting requests together, as many as the networks take at a time; each request gets "
        "what it would get alone.",
        default=True,
    )
    max_request_mib: int = flag("Largest body of a request, in MiB.", default=16, lower=1, upper=1024)
    poll_seconds: float = flag(
        "Seconds between two looks for a new version.", default=1.0, lower=0.01, upper=86_400.0
    )
    grace_seconds: float = flag(
        "Seconds that running requests have to finish in when the server is told to stop.",
        default=30.0,
        lower=0.0,
        upper=3600.0,
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("export_dir", "host"):
            if not getattr(self, name).strip():
                self.reject(name, "must not be empty")
        check_name(self)
        for name in self.host_names:
            if name != "*" and not _HOST.fullmatch(name):
                rule = "must be names or addresses without port, separated by commas"
                self.reject("allowed_hosts", f"{rule} (all names below one: .NAME)")
        if self.port and self.port == self.grpc_port:
            self.reject("grpc_port", f"must differ from --port={self.port}")

    @property
    def host_names(self):
        """The names in `allowed_hosts`, a list."""
        return [name.strip().strip("[]") for name in self.allowed_hosts.split(",") if name.strip()]
