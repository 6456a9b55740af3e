import subprocess
import sys

import pytest

from tfdogs.errors import UsageError
from tfdogs.metrics import extractors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"name": "resnet"},
            "--extractor must be one of efficientnet_lite0, inception_v3, or the path of a Keras model or "
            "SavedModel. Received: --extractor=resnet",
        ),
        (
            {"name": "efficientnet_lite0", "input_range": "0_1"},
            "--extractor_range goes with a model of your own: efficientnet_lite0 knows its range. "
            "Received: --extractor_range=0_1",
        ),
        (
            {"name": "inception_v3", "path": "none.h5"},
            "--inception_path must be an existing folder of a SavedModel, or a Keras InceptionV3's .h5. "
            "Received: --inception_path=none.h5",
        ),
    ],
)
def test_impossible_requests_are_refused(arguments, message):
    with pytest.raises(UsageError) as error:
        extractors.get(**arguments)
    assert str(error.value) == message


def test_a_users_model_has_a_legal_range_and_no_second_path(tmp_path):
    (tmp_path / "net.keras").write_bytes(b"")
    with pytest.raises(
        UsageError, match=r"must be one of -1_1, 0_1, 0_255\. Received: --extractor_range=0,255"
    ):
        extractors.get(str(tmp_path / "net.keras"), input_range="0,255")
    with pytest.raises(UsageError, match="goes with efficientnet_lite0 and inception_v3 only"):
        extractors.get(str(tmp_path / "net.keras"), path="weights.h5")


def test_names_and_stamps_are_read_without_tensorflow():
    program = (
        "import sys; from tfdogs.metrics.extractors import NAMES\n"
        "from tfdogs.metrics.extractors.extractor import Stamp; Stamp('a', 'b', 'c', 'd', 1)\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
