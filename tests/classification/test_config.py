import json
import subprocess
import sys

import pytest

from tfdogs.classification.config import ClassifyConfig
from tfdogs.errors import UsageError

PATHS = {"data_dir": "data", "output_dir": "out"}
FAKES = {**PATHS, "fakes": "cat=runs/cats, dog=b=c.zip"}


def test_shares_and_paths():
    config = ClassifyConfig(**FAKES, synthetic_fraction="1,0, .5")
    assert config.fractions == (0.0, 0.5, 1.0)
    assert config.fake_paths == {"cat": "runs/cats", "dog": "b=c.zip"}
    assert ClassifyConfig(**PATHS, synthetic_fraction="0").fake_paths == {}


def test_flagfiles_keep_their_order():
    assert ClassifyConfig(**FAKES).gan_flagfiles == ()
    files = ClassifyConfig(**PATHS, gan_flagfile=f"{__file__}, {__file__}").gan_flagfiles
    assert files == (__file__, __file__)


def test_generated_images_are_mixed_into_all_classes_or_some():
    classes = ("dog", "fox", "cat")
    assert ClassifyConfig(**FAKES).mixed_classes(classes) == classes
    assert ClassifyConfig(**FAKES, synthetic_classes="cat, dog").mixed_classes(classes) == ("dog", "cat")
    assert ClassifyConfig(**PATHS, synthetic_fraction="0").mixed_classes(classes) == ()
    with pytest.raises(UsageError, match=r"must be of the data_dir's classes: dog, fox, cat\. Received"):
        ClassifyConfig(**FAKES, synthetic_classes="cow").mixed_classes(classes)


def test_other_classes_are_another_study(tmp_path):
    config = ClassifyConfig(**FAKES)
    some = ClassifyConfig(**FAKES, synthetic_classes="cat")
    assert config.diff(some) == ["--synthetic_classes: '' -> 'cat'"]
    values = config.to_dict()
    del values["synthetic_classes"]  # a study that was begun before the flag was there
    (tmp_path / "config.json").write_text(json.dumps(values))
    assert ClassifyConfig.load(tmp_path / "config.json").diff(config) == []


def test_flags_are_known_without_tensorflow():
    program = "import sys, tfdogs.classification.config; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_more_seeds_and_shares_are_the_same_study():
    config = ClassifyConfig(**FAKES)
    assert config.diff(ClassifyConfig(**{**FAKES, "seeds": 9, "synthetic_fraction": "0,1"})) == []
    assert config.diff(ClassifyConfig(**FAKES, epochs=11)) == ["--epochs: 10 -> 11"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_dir": " "}, "--data_dir must not be empty"),
        ({"synthetic_fraction": "0,1.1"}, "--synthetic_fraction must be different shares from 0 to 1"),
        ({"synthetic_fraction": "0,nan"}, "--synthetic_fraction must be different shares"),
        ({"synthetic_fraction": "0,0.0"}, "--synthetic_fraction must be different shares"),
        ({"synthetic_fraction": ""}, "--synthetic_fraction must be different shares"),
        ({"fakes": ""}, "--synthetic_fraction over 0 needs --fakes or --gan_flagfile"),
        ({"fakes": "cats"}, "--fakes must be CLASS=PATH, parted by commas, every class once"),
        ({"fakes": "a=b,a=c"}, "every class once. Received: --fakes=a=b,a=c"),
        ({"gan_flagfile": "x.flags"}, "at most one of --fakes and --gan_flagfile"),
        ({"fakes": "", "gan_flagfile": "no.flags"}, "must be files of flags .*, and no.flags is none"),
        ({"fakes": "", "gan_flagfile": f"{__file__},no.flags"}, "must be files .*, and no.flags is none"),
        ({"fakes": "", "gan_flagfile": f"{__file__},"}, "--gan_flagfile must be files parted by commas"),
        ({"gan_kimg": 1.0}, "--gan_kimg goes with --gan_flagfile only"),
        ({"gan_seconds": 1.0}, "--gan_seconds goes with --gan_flagfile only"),
        (
            {"fakes": "", "gan_flagfile": __file__, "gan_seconds": 0.5},
            "--gan_seconds must be 0 or at least 1",
        ),
        ({"synthetic_classes": "cat,"}, "--synthetic_classes must be different classes parted by commas"),
        ({"synthetic_classes": "cat, cat"}, "--synthetic_classes must be different classes"),
        (
            {"fakes": "", "synthetic_fraction": "0", "synthetic_classes": "cat"},
            "--synthetic_classes goes with --fakes or --gan_flagfile only",
        ),
        ({"learning_rate": 0.0}, "--learning_rate must be over 0"),
        ({"width": 0.0}, "--width must be at least 0.01"),
        ({"fakes": "", "synthetic_fraction": "0", "truncation": 1.0}, "--truncation goes with --fakes"),
    ],
)
def test_errors(changes, message):
    with pytest.raises(UsageError, match=message):
        ClassifyConfig(**{**FAKES, **changes})
