import numpy as np
import pytest
from PIL import Image

from tfdogs.errors import TfdogsError
from tfdogs.exhibition import film
from tfdogs.sampling import grid
from tfdogs.sampling.story import Story


@pytest.fixture
def make(tmp_path):
    """Returns a maker of a film out of sheets of noise, at 0, 10, 20, ... kimg."""

    def make(count=4, side=8, columns=2, most=120, probability=True, verdicts=None, channels=3):
        sheets = []
        for kimg in range(0, 10 * count, 10):
            noise = np.random.default_rng(kimg).integers(0, 256, (columns**2, 8, 8, channels), np.uint8)
            images = noise.repeat(-(-side // 8), 1).repeat(-(-side // 8), 2)[:, :side, :side]
            path = tmp_path / f"fakes{kimg:06d}.png"
            grid.save_png(grid.tile(images, columns=columns), path)
            sheets.append((kimg, path))
        if verdicts is None:
            verdicts = [(k, 0.8, k / 100) for k in range(1, 10 * count)]
        story = Story(tuple(sheets), None, tuple(verdicts))
        return film.write(story, tmp_path, most=most, columns=columns, probability=probability), sheets

    return make


def frames(path):
    with Image.open(path) as image:
        for place in range(getattr(image, "n_frames", 1)):
            image.seek(place)
            image.load()
            yield np.asarray(image.convert("RGB"), np.int64), image.info.get("duration")


def band(frame, height):
    return frame[height - film._BAND :]


@pytest.mark.parametrize("name", [film.GIF, film.WEBP])
def test_every_sheet_is_a_frame_and_the_last_one_stays(make, tmp_path, name):
    made, _ = make()
    assert (made.frames, made.first, made.last, made.verdict) == (4, 0, 30, True)
    shown, durations = zip(*frames(tmp_path / name))
    assert len(shown) == 4 and all(frame.shape == (made.height, made.width, 3) for frame in shown)
    assert durations[-1] > 3 * max(durations[1:-1]) and durations[1] == durations[2]
    with Image.open(tmp_path / name) as image:
        assert image.info["loop"] == 0


@pytest.mark.parametrize("name, error", [(film.GIF, 24), (film.WEBP, 24), (film.STILL, 0)])
def test_the_last_frame_shows_the_last_sheet(make, tmp_path, name, error):
    made, sheets = make()
    ((pixels, _),) = frames(sheets[-1][1])
    scale = made.width // pixels.shape[1]
    expected = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    *_, (last, _) = frames(tmp_path / name)
    assert np.abs(last[: len(expected)] - expected).mean() <= error


def test_the_bar_is_as_long_as_the_verdict(make, tmp_path):
    colours = {name: np.array(film.ImageColor.getrgb(getattr(film, name))) for name in ("_FAKE", "_REAL")}
    for fake, real in ((0.1, 0.9), (0.5, 0.6), (1.0, 0.3), (0.0, 0.0)):
        made, _ = make(count=2, verdicts=[(10.5, real, fake)])
        ((frame, _),) = frames(tmp_path / film.STILL)
        room = made.width - 2 * film._EDGE
        rows = band(frame, made.height)[-16:]
        lit = (rows == colours["_FAKE"]).all(-1).any(0)
        marked = np.flatnonzero((rows == colours["_REAL"]).all(-1).any(0))
        assert lit.sum() == pytest.approx(room * fake, abs=5)
        assert marked.mean() == pytest.approx(film._EDGE + room * real, abs=2)


def test_the_words_tell_kimg_and_percent_of_that_time(make, monkeypatch):
    said = []
    text = film.ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        film.ImageDraw.ImageDraw,
        "text",
        lambda self, at, words, *args, **kw: (said.append(words), text(self, at, words, *args, **kw)),
    )
    make(count=3, verdicts=[(0.5, 0.9, 0.1), (10.9, 0.7, 0.254), (15, float("nan"), 0.3), (21.0, 0.6, 0.4)])
    assert said[:2] == ["0 kimg", "untrained"]
    assert said[2:5] == ["10 kimg", "25 % real", "connoisseur:"] and said[6] == "25 % real"
    said.clear()
    make(count=2, verdicts=[(5, -1.5, 3.0), (10, 2.5, -0.5)], probability=False)
    assert said[3] == "-0.50"


def test_scores_go_over_the_bar_from_the_lowest_to_the_highest():
    bar = film._Bar([(1, -2.0, 6.0), (2, 0.0, 2.0)], probability=False)
    assert [bar.share(score) for score in (-2.0, 0.0, 6.0, 9.0)] == [0.0, 0.25, 1.0, 1.0]
    assert film._Bar([(1, 3.0, 3.0)], probability=False).share(3.0) == 0.0


def test_without_verdicts_the_film_says_none(make):
    made, _ = make(verdicts=[])
    assert not made.verdict


def test_of_many_sheets_some_are_taken(make, tmp_path):
    made, _ = make(count=9, most=5)
    assert (made.frames, made.first, made.last) == (5, 0, 80)
    assert len(list(frames(tmp_path / film.GIF))) == 5


def test_fewer_than_two_sheets_are_no_film(make, tmp_path):
    assert make(count=1)[0] is None and make(most=0)[0] is None and make(count=0)[0] is None
    assert not (tmp_path / film.GIF).exists()


def test_large_sheets_are_cut_to_whole_rows_and_made_smaller(make, monkeypatch):
    made, _ = make(count=2, side=330, columns=2)
    assert made.width == film._WIDEST and made.height - film._BAND == pytest.approx(made.width, abs=2)
    monkeypatch.setattr(film, "_PIXELS", 2 * 640 * 320)
    made, _ = make(count=2, side=330, columns=2)
    assert made.height - film._BAND == pytest.approx(319, abs=2)
    monkeypatch.setattr(film, "_PIXELS", 1)
    assert make(count=2, side=330, columns=2)[0].height == made.height  # one row there is at least


def test_small_sheets_are_enlarged_to_hold_the_words(make):
    assert 320 <= make(side=3, columns=2)[0].width < 640


def test_grey_sheets(make, tmp_path):
    make(channels=1)
    assert len(list(frames(tmp_path / film.WEBP))) == 4


def test_sheets_that_cannot_be_filmed_are_named(make, tmp_path):
    _, sheets = make()
    grid.save_png(np.zeros((9, 9, 3), np.uint8), sheets[2][1])
    story = Story(tuple(sheets), None, ())
    with pytest.raises(TfdogsError, match=r"fakes000020\.png is of another size than fakes000000\.png"):
        film.write(story, tmp_path, most=9, columns=2, probability=True)
    sheets[2][1].write_bytes(b"half")
    with pytest.raises(TfdogsError, match=r"fakes000020\.png is not a PNG image"):
        film.write(story, tmp_path, most=9, columns=2, probability=True)
