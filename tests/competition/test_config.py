"""The flags of the submission."""

import dataclasses

import pytest

from tfdogs import cli
from tfdogs.competition.config import SubmissionConfig
from tfdogs.errors import UsageError
from tfdogs.metrics.config import EvaluateConfig


def parse(*args):
    return cli.parse(SubmissionConfig, ["submission", *args], summary="")


def test_the_zip_needs_no_name():
    assert parse("images.zip", "--num_images=9") == parse("--num_images=9", "--zip=images.zip")
    assert parse("images.zip").num_images == 10_000 and parse("images.zip").image_size == 64


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "--zip is required"),
        (("a.zip", "b.zip"), "takes --zip once.*Received: a.zip b.zip"),
        (("a.zip", "--num_images=1"), "--num_images must be at least 2"),
        (("a.zip", "--image_size=4096"), "--image_size must be at least 8 and at most 1024"),
        (("a.zip", "--data_dir=d", "--reals=r"), "at most one of --data_dir and --reals"),
        (("a.zip", "--report=a.html"), r"--report must end in \.json"),
        (("a.zip", "--data_dir=d", "--extractor=vgg"), "--extractor must be efficientnet_lite0.*vgg"),
        (("a.zip", "--data_dir=d", "--inception_path=x"), "--inception_path goes with --extractor=inception"),
        (("a.zip", "--extractor=inception_v3"), "--extractor goes with --data_dir or --reals only"),
        (("a.zip", "--extractor_range=0_1"), "--extractor_range goes with --data_dir or --reals only"),
    ],
)
def test_bad_usage(args, message):
    with pytest.raises(UsageError, match=message):
        parse(*args)


def test_scores_are_those_of_evaluate():
    assert parse("a.zip").evaluation is None
    config = parse("a.zip", "--reals=r", "--extractor=inception_v3", "--inception_path=i", "--cache_dir=c")
    assert config.evaluation == EvaluateConfig(
        fakes="a.zip",
        reals="r",
        metrics="fid,mifid",
        extractor="inception_v3",
        inception_path="i",
        cache_dir="c",
    )
    assert parse("a.zip", "--data_dir=d", "--num_images=9").evaluation.num_images == 9


def test_shared_flags_have_the_same_words():
    ours, theirs = (
        {field.name: field for field in dataclasses.fields(config)}
        for config in (SubmissionConfig, EvaluateConfig)
    )
    for name in ("extractor", "inception_path", "extractor_range", "cache_dir"):
        assert ours[name].metadata == theirs[name].metadata and ours[name].default == theirs[name].default
