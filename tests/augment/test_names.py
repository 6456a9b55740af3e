import pytest

from tfdogs import augment
from tfdogs.augment.ada import ADA
from tfdogs.augment.diff_augment import DiffAugment


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", ("none", [])),
        ("auto", ("auto", [])),
        ("color, cutout", ("diff", ["color", "cutout"])),
        ("ada", ("ada", ["blit", "geometry", "color"])),
        ("ada:color,noise", ("ada", ["color", "noise"])),
    ],
)
def test_parse(policy, expected):
    assert augment.parse(policy) == expected


@pytest.mark.parametrize("policy", ["ada:", "ada:blit,flip", "color,ada", "flip", "auto,color", "Ada", ","])
def test_unknown_names(policy):
    for read in (augment.parse, augment.get):
        with pytest.raises(ValueError, match=r"policy must be made of .* Received: '"):
            read(policy)


def test_get():
    assert augment.get("") is None
    diff = augment.get("brightness,translation")
    assert isinstance(diff, DiffAugment) and diff.policy == "brightness,translation"
    ada = augment.get("ada:blit,noise", kimg=3, initial_p=0.2)
    assert isinstance(ada, ADA) and ada.policy == "blit,noise" and ada.kimg == 3 and ada.initial_p == 0.2


def test_the_default_grows_weaker_with_more_images():
    sizes = [1, 9_999, 10_000, 49_999, 50_000, 139_999, 140_000, 10**9]
    found = [augment.default_policy(size) for size in sizes]
    assert [policy for policy, _ in found] == [
        *["color,translation,cutout"] * 2,
        *["brightness,saturation,translation"] * 2,
        *["translation"] * 2,
        *[""] * 2,
    ]
    for size, (policy, reason) in zip(sizes, found):
        assert f"{size:,} images: {policy or 'none'} (" in reason and "\n" not in reason
        augmentation = augment.get("auto", num_images=size)
        assert (augmentation.policy if augmentation else "") == policy


def test_auto_needs_the_number_of_images():
    with pytest.raises(ValueError, match=r"number of images\. Received: num_images=None"):
        augment.get("auto")
