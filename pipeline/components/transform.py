"""Transform: crops, cleans and resizes."""

import json

from pipeline import types
from pipeline.core.component import Component
from pipeline.core.contract import Input, Output, Parameter
from pipeline.examples.raw_source import RawSource
from pipeline.examples.treatment import treat_on_beam
from tfdogs.data.ingest import prepare
from tfdogs.data.prepare_config import PrepareConfig


class Transform(Component):
    """Prepares the pictures as `tfdogs.prepare` does, on Beam; what comes out is a data_dir.

    The same pictures and flags make a data_dir with the fingerprint of `tfdogs.prepare`'s.
    """

    examples = Input(types.EXAMPLES)
    anomalies = Input(
        types.ANOMALIES, counts=False
    )  # read by nobody: what ExampleValidator stops is not prepared
    transformed_examples = Output(types.TRANSFORMED_EXAMPLES)
    config = Parameter(str)  # PrepareConfig as JSON; where from and where to are this component's
    workers = Parameter(int, default=1, counts=False)
    beam_args = Parameter(str, default="", counts=False)

    code = ("pipeline.examples", "tfdogs.data")
    libraries = ("numpy", "pillow", "scipy", "tensorflow")

    @classmethod
    def execute(cls, *, examples, anomalies, transformed_examples, config, workers, beam_args):
        """Makes the data_dir."""
        places = {"images": f"Examples {examples.fingerprint}", "output_dir": str(transformed_examples)}
        config = PrepareConfig.from_dict({**json.loads(config), **places, "workers": workers})
        treat = treat_on_beam(transformed_examples.parent, workers=workers, beam_args=beam_args)
        manifest = prepare(config, source=RawSource(examples.path), treat=treat)
        return {
            "transformed_examples": {
                **{f"{split}_images": manifest.num_images(split) for split in manifest.splits},
                "classes": len(manifest.classes),
                "rejected": manifest.counts["crops"]["rejected"],
            }
        }
