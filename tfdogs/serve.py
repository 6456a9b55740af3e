"""Serves an export: the page "This Dog Doesn't Exist" and TensorFlow Serving's REST and gRPC APIs.

    python -m tfdogs.serve --export_dir=exports/dogs
    python -m tfdogs.serve --export_dir=exports/dogs --reals=photos --port=8080 --grpc_port=8500

A stand-in for where TensorFlow Serving is not installed; for production there is TensorFlow Serving itself,
by the compose file in the export. A new version in the export is served as soon as it is there; SIGTERM and
Ctrl-C let running requests finish. Nothing can be read through it but the page, the pictures of --reals and
the model.
"""

from tfdogs import cli
from tfdogs.serving.serve_config import ServeConfig


def run(config):
    """Serves what the configuration asks for, until the process is told to stop."""
    from tfdogs.serving.server import serve

    serve(config)


if __name__ == "__main__":
    cli.main(ServeConfig, run, summary=__doc__)
