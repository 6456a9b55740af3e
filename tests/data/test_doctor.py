"""The checks of the doctor: each catches its fault, lets good crops pass, and measures what it says."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from tfdogs.data import doctor
from tfdogs.data.crops import box_square, cut
from tfdogs.data.doctor import Candidate, examine
from tfdogs.data.pictures import decode
from tfdogs.data.prepare_config import PrepareConfig
from tfdogs.data.sources.base import Box
from tfdogs.data.sources.open import open_source

DATA = Path(__file__).resolve().parents[2] / ".." / "shared/data"
CONFIG = PrepareConfig(images="x", output_dir="y", channels=3, checks="photos", min_side=32, workers=1)


def photo(width=160, height=120, seed=0):
    """A random picture with coarse and fine structure, as a photograph has."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).resize((width, height))
    fine = rng.normal(0, 25, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(coarse) + fine, 0, 255).astype(np.uint8))


def candidate(picture=None, rectangle=None, box=None, others=(), size=64):
    picture = picture or photo()
    rectangle = rectangle or Box(20, 0, 140, 120)
    return Candidate(picture, box or rectangle, list(others), rectangle, size)


def verdict(config=CONFIG, **kwargs):
    return examine(candidate(**kwargs), config)


def test_a_good_crop_passes():
    assert verdict() is None


def test_too_small():
    finding = verdict(rectangle=Box(0, 0, 31, 31))
    assert finding == ("too_small", 31, Box(0, 0, 31, 31), "under --min_side=32")
    assert verdict(rectangle=Box(0, 0, 32, 32)) is None


def test_extreme_aspect_is_the_boxs_not_the_crops():
    assert verdict(box=Box(0, 0, 90, 30)) is None
    for box in (Box(0, 0, 91, 30), Box(0, 0, 30, 91)):
        finding = verdict(box=box)
        assert finding.reason == "extreme_aspect" and finding.measure == pytest.approx(91 / 30)


def test_other_dog_takes_the_greatest_share():
    rectangle, others = Box(0, 0, 100, 100), [Box(0, 0, 20, 20), Box(50, 0, 140, 120)]
    finding = verdict(dataclasses.replace(CONFIG, max_other=0.4), rectangle=rectangle, others=others)
    assert finding.reason == "other_dog" and finding.measure == pytest.approx(0.5)
    assert verdict(dataclasses.replace(CONFIG, max_other=0.5), rectangle=rectangle, others=others) is None


def test_a_plain_area_and_a_placeholder_with_text_are_uniform():
    plain = Image.new("RGB", (160, 120), (180, 180, 180))
    assert verdict(picture=plain).measure == 0
    ImageDraw.Draw(plain).text((60, 55), "Placeholder", "black")
    assert verdict(picture=plain).reason == "uniform"
    assert verdict(picture=plain, rectangle=Box(40, 20, 120, 100)).reason == "uniform"


def test_contrast_is_the_mean_deviation_from_the_median():
    half = Image.new("RGB", (64, 64), (100, 100, 100))
    half.paste((108, 108, 108), (0, 0, 32, 64))
    config = dataclasses.replace(CONFIG, min_contrast=4.5)
    finding = verdict(config, picture=half, rectangle=Box(0, 0, 64, 64))
    assert finding.reason == "uniform" and finding.measure == pytest.approx(4)


def test_a_blurred_crop_is_found_whatever_the_image_size():
    blurred = photo(seed=1).filter(ImageFilter.GaussianBlur(0.04 * 120))
    findings = [verdict(picture=blurred, size=size) for size in (16, 64, 128)]
    assert {finding[::3] for finding in findings} == {("blurred", "under --min_sharpness=25")}
    assert len({finding.measure for finding in findings}) == 1


def natural(size=64, seed=0, contrast=50.0):
    """A random picture with the spectrum of photographs, float32 [size, size]."""
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size)[None])
    noise = np.random.default_rng(seed).normal(size=(size, size))
    luma = np.fft.ifft2(np.fft.fft2(noise) / np.maximum(frequency, 1 / size)).real
    return np.float32(128 + contrast * luma / luma.std())


def gaussian(luma, sigma):
    blurred = ndimage.gaussian_filter(luma, sigma, mode="wrap")
    return np.asarray(blurred, np.float32)


@pytest.mark.parametrize("contrast", [5.0, 50.0])
@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0, 3.0])
def test_the_width_of_a_synthetic_blur_is_found_whatever_the_contrast(sigma, contrast):
    widths = [doctor.blur_width(gaussian(natural(128, seed, contrast), sigma)) for seed in range(8)]
    sharp = np.mean([doctor.blur_width(natural(128, seed, contrast)) for seed in range(8)])
    assert np.mean(widths) == pytest.approx(np.hypot(sigma, sharp), rel=0.15)
    assert np.std(widths) < 0.15 * np.mean(widths)


def test_the_width_of_plain_areas_and_ramps():
    assert doctor.blur_width(np.full((64, 64), 7, np.float32)) == 0
    assert doctor.blur_width(np.arange(64, dtype=np.float32) * np.ones((64, 1), np.float32)) > 10
    checkerboard = np.indices((64, 64)).sum(0) % 2 * 255
    assert doctor.blur_width(np.float32(checkerboard)) < 0.2
    assert doctor.blur_width(gaussian(natural(700), 2.0)) == pytest.approx(2, rel=0.15)


def test_softness_counts_in_pixels_of_the_training_image():
    whole, box = natural(256), Box(0, 0, 256, 256)
    soft = Image.fromarray(np.uint8(np.clip(gaussian(whole, 3.0), 0, 255)))
    large, small = (candidate(picture=soft, rectangle=box, size=size).blur for size in (256, 64))
    assert large > 2.5 and small < 1.2


@pytest.mark.parametrize("enlarged", [1, 3])
def test_the_limit_of_softness_follows_from_the_data(enlarged):
    def width(seed, sigma):
        luma = ndimage.zoom(gaussian(natural(96 // enlarged, seed), 0.4), enlarged, order=1)
        return doctor.blur_width(gaussian(luma, sigma) if sigma else luma)

    sharp, soft = [width(seed, 0) for seed in range(40)], [width(seed, 2.5) for seed in range(20)]
    limit = doctor.blur_limit(sharp + soft)
    assert max(sharp) < limit < min(soft)
    assert limit > (0.85 if enlarged == 1 else 1.2)


def test_laplacian_variance_in_closed_form():
    x, y = np.meshgrid(np.arange(64.0), np.arange(64.0))
    assert doctor.laplacian_variance(3 * x - 2 * y + 7) == pytest.approx(0, abs=1e-9)
    checkerboard = (x + y) % 2
    assert doctor.laplacian_variance(checkerboard) == pytest.approx(16)  # the Laplacian is -4 or 4


def test_greyscale_only_where_asked_for():
    grey = photo().convert("L").convert("RGB")
    asked = dataclasses.replace(CONFIG, reject_greyscale=True)
    assert verdict(picture=grey) is None
    assert verdict(asked) is None
    assert verdict(asked, picture=grey) == ("greyscale", 0, Box(20, 0, 140, 120), "--reject_greyscale")
    assert verdict(dataclasses.replace(asked, checks="none"), picture=grey).reason == "greyscale"


def test_levels_of_checks():
    grey = Image.new("RGB", (160, 120), "grey")
    basic, none = (dataclasses.replace(CONFIG, checks=level) for level in ("basic", "none"))
    assert verdict(basic, picture=grey) is None
    assert verdict(basic, picture=grey, rectangle=Box(0, 0, 8, 8)).reason == "too_small"
    assert verdict(none, picture=grey, rectangle=Box(0, 0, 8, 8)) is None


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no {DATA}")
def test_defaults_tell_sharp_from_blurred_photographs():
    source = open_source(str(DATA / "cats_and_dogs/train.zip"))
    kept = caught = total = 0
    for item in list(source.items())[::100]:
        picture = decode(source.load(item), 3)
        (rectangle,) = box_square(*picture.size, Box(0, 0, *picture.size), [], 0)
        square = cut(picture, rectangle, 256)
        blurred = square.filter(ImageFilter.GaussianBlur(0.04 * 256))
        whole = Box(0, 0, 256, 256)
        kept += verdict(picture=picture, rectangle=rectangle) is None
        finding = verdict(picture=blurred, rectangle=whole)
        caught += finding is not None and finding.reason == "blurred"
        total += 1
    assert kept == total and caught == total
