"""What needs no run and no TensorFlow; the rest is in tests/e2e/gallery/."""

import shlex

import numpy as np
import pytest

from tfdogs import cli
from tfdogs.errors import UsageError
from tfdogs.exhibition import gallery
from tfdogs.exhibition.config import GalleryConfig
from tfdogs.sampling.grid import encode_png


@pytest.fixture
def dogs(tmp_path):
    """A folder of five images with a hole in their numbers."""
    folder = tmp_path / "dogs"
    folder.mkdir()
    for number in (0, 1, 2, 5, 6):
        image = np.full((8, 8, 3), 40 * number, np.uint8)
        (folder / f"image_{number:05d}.png").write_bytes(encode_png(image))
    return folder


@pytest.fixture
def config(tmp_path, dogs):
    """Returns a maker of configurations."""
    return lambda **flags: GalleryConfig(output_dir=str(tmp_path / "out"), images=str(dogs), **flags)


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_becomes_a_gallery(config, tmp_path, dogs, capsys):
    gallery.build(config())
    assert files(tmp_path / "out") == [
        "gallery.js",
        *(f"images/image_{number:05d}.png" for number in (0, 1, 2, 5, 6)),
        "index.html",
        "style.css",
    ]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    for path in dogs.iterdir():
        assert (tmp_path / "out/images" / path.name).read_bytes() == path.read_bytes()
    assert "out/index.html: All 5, as they were given." in capsys.readouterr().out


@pytest.mark.parametrize(
    "flags, numbers",
    [
        ({"num_images": 3}, [0, 1, 2]),
        ({"drop": "1,5-9"}, [0, 2]),
        ({"pick": "6,0-2"}, [6, 0, 1, 2]),
        ({"pick": "6,0-2", "drop": "0"}, [6, 1, 2]),
    ],
)
def test_by_hand(config, tmp_path, flags, numbers):
    gallery.build(config(**flags))
    text = (tmp_path / "out/index.html").read_text()
    places = [text.index(f'href="images/image_{number:05d}.png"') for number in numbers]
    assert places == sorted(places) and len(list((tmp_path / "out/images").iterdir())) == len(numbers)


@pytest.mark.parametrize(
    "flags, said",
    [
        ({"pick": "3"}, r"--pick must be numbers of the images in .*, and it has no 3\."),
        ({"drop": "0-2,7-9"}, r"--drop must be .* it has no 7-9\."),
        ({"drop": "0-9"}, "--drop leaves no image"),
        ({"reals": "nowhere"}, "--reals: no such file"),
        ({"scores": "nowhere"}, "--scores: cannot read it"),
        ({"runs": "nowhere"}, "--runs must be runs"),
    ],
)
def test_what_is_not_there_is_refused_before_any_work(config, tmp_path, flags, said):
    with pytest.raises(UsageError, match=said):
        gallery.build(config(**flags))
    assert [path.name for path in tmp_path.iterdir()] == ["dogs"]


def test_too_many_for_a_wall(config, monkeypatch):
    monkeypatch.setattr("tfdogs.exhibition.collected.MAX_IMAGES", 4)
    with pytest.raises(UsageError, match="--num_images must be given: a wall takes 4, and there are 5"):
        gallery.build(config())
    gallery.build(config(num_images=4))


def test_only_galleries_are_replaced(config, tmp_path):
    gallery.build(config())
    with pytest.raises(UsageError, match=r"--output_dir=.*/out is there already"):
        gallery.build(config())
    gallery.build(config(num_images=1, overwrite=True))
    assert len(files(tmp_path / "out")) == 4
    for name, content, said in (
        ("images/thesis.tex", "", r"holds images/thesis\.tex"),
        ("index.html", "<html>mine</html>", r"holds a foreign index\.html"),
    ):
        (tmp_path / "out" / name).write_text(content)
        with pytest.raises(UsageError, match=said):
            gallery.build(config(overwrite=True))
        assert (tmp_path / "out" / name).read_text() == content
        (tmp_path / "out" / name).unlink()
    with pytest.raises(UsageError, match=r"holds no index\.html"):
        gallery.build(config(overwrite=True))


def test_a_gallery_of_its_own_images(config, tmp_path):
    gallery.build(config())
    own = GalleryConfig(
        images=str(tmp_path / "out/images"), output_dir=str(tmp_path / "out"), overwrite=True, drop="0"
    )
    gallery.build(own)
    assert len(list((tmp_path / "out/images").iterdir())) == 4


def test_real_images_make_a_sheet(config, tmp_path, dogs):
    gallery.build(config(reals=str(dogs), quiz=4, seed=3))
    assert len(list((tmp_path / "out/quiz").iterdir())) == 4
    assert "2 of these 4 are photographs (dogs)" in (tmp_path / "out/index.html").read_text()


def test_credits_have_lines(config, tmp_path):
    gallery.build(config(credits=r"One & two\nThree"))
    assert "One &amp; two<br>\nThree" in (tmp_path / "out/index.html").read_text()


def test_a_board_beside_images(config, tmp_path, make_run, line):
    runs = [make_run("b", [line(1.0, 2.0)]), make_run("a", [line(1.0, 3.0)])]
    gallery.build(config(runs=",".join(map(str, [*runs, runs[0]]))))
    text = (tmp_path / "out/index.html").read_text()
    assert text.count('<th scope="row">') == 2 and "aria-current" not in text


def test_the_command_asks_for_the_same_and_tells_no_folders():
    config = GalleryConfig(
        output_dir="/home/me/out",
        model_dir="/home/me/run",
        drop="3",
        title="My dog's",
        best=True,
        runs="/home/a,/home/b",
        overwrite=True,
    )
    words = shlex.split(gallery._command(config))
    assert words[:3] == ["python", "-m", "tfdogs.gallery"]
    again = cli.parse(GalleryConfig, words[2:], summary="")
    assert again == GalleryConfig(
        output_dir="out", model_dir="run", drop="3", title="My dog's", best=True, runs="a,b"
    )
