import pytest

from tfdogs.errors import UsageError
from tfdogs.exhibition import board


def names(contenders):
    return [one.name for one in contenders]


def reasons(ranking):
    return {one.name: reason for one, reason in ranking.others}


@pytest.fixture
def read(make_run):
    """Returns a maker of a contender."""
    return lambda name, lines=(), metric="fid", **facts: board.read(make_run(name, lines, **facts), metric)


def test_a_run_stands_with_its_best_evaluation(read, line):
    one = read("a", [line(0.0, 90.0), line(10.0, 40.0), line(20.0, 70.0)])
    assert (one.name, one.model, one.data, one.scored.kimg) == ("a", "dcgan", "dogs64", 10.0)


def test_lower_or_higher_as_the_score_is(read, line):
    runs = [read(name, [line(1.0, fid)]) for name, fid in (("a", 50.0), ("b", 20.0), ("c", 30.0))]
    assert names(board.rank(runs, "fid").ranked) == ["b", "c", "a"]
    assert names(board.rank(runs, "dog_score").ranked) == ["b", "c", "a"]
    assert board.rank(runs, "fid", own=runs[2]).own is runs[2]


def test_only_what_can_be_compared_is_ranked(read, line):
    other = {**line(1.0, 1.0)["stamp"], "weights": "1" * 16}
    runs = [
        read("own", [line(1.0, 50.0)]),
        read("good", [line(1.0, 40.0)]),
        read("extractor", [line(1.0, 1.0, stamp=other)]),
        read("fakes", [line(1.0, 1.0, num_fakes=5)]),
        read("reals", [line(1.0, 1.0, num_reals=5)]),
        read("data", [line(1.0, 1.0)], fingerprint="e" * 64, data="cats"),
        read("never"),
        read("without", [line(1.0, 1.0, scores={"kid": line(1.0, 1.0)["scores"]["fid"]})]),
        read("alarmed", [line(1.0, 1.0, alarms=["Copies."])]),
        read("nan", [line(1.0, float("nan"))]),
    ]
    ranking = board.rank(runs, "fid", own=runs[0])
    assert names(ranking.ranked) == ["good", "own"]
    assert {name: text.split(":")[0] for name, text in reasons(ranking).items()} == {
        "extractor": "scored by another extractor",
        "fakes": "scored with other numbers of images",
        "reals": "scored with other numbers of images",
        "data": "scored beside other data",
        "never": "it has not scored itself",
        "without": "its evaluations have no fid",
        "alarmed": "all its evaluations raised an alarm",
        "nan": "its fid is not a finite number",
    }
    assert "weights 1111111111111111" in reasons(ranking)["extractor"]
    assert "cats, fingerprint eeeeeeee" in reasons(ranking)["data"]


def test_classes_in_turn_are_ranked_apart(read, line):
    runs = [
        read("plain", [line(1.0, 50.0)]),
        read("data", [line(1.0, 40.0, labels="data")], conditional=True),
        read("uniform", [line(1.0, 1.0, labels="uniform")], conditional=True),
        read("untold", [line(1.0, 1.0)], conditional=True),  # of an earlier version
    ]
    ranking = board.rank(runs, "fid")
    assert names(ranking.ranked) == ["data", "plain"]
    assert reasons(ranking) == dict.fromkeys(
        ("uniform", "untold"), "scored with other labels: classes in turn"
    )
    assert set(names(board.rank(runs, "fid", own=runs[3]).ranked)) == {"uniform", "untold"}


def test_the_run_of_the_gallery_sets_the_measure(read, line):
    runs = [read("a", [line(1.0, 1.0, num_fakes=5)]), read("b", [line(1.0, 2.0)])]
    assert names(board.rank(runs, "fid").ranked) == ["a"]
    assert names(board.rank(runs, "fid", own=runs[1]).ranked) == ["b"]
    without = read("c")
    assert names(board.rank([without, *runs], "fid", own=without).ranked) == ["a"]


def test_of_nothing_nothing_is_ranked(read):
    ranking = board.rank([read("a"), read("b")], "fid")
    assert ranking.ranked == () and len(ranking.others) == 2


def test_a_folder_that_is_no_run(tmp_path, make_run):
    with pytest.raises(UsageError, match=r"--runs must be runs.*nowhere has no config\.json"):
        board.read(tmp_path / "nowhere", "fid")
    path = make_run("a")
    (path / "data.json").write_text("[]")
    with pytest.raises(UsageError, match=r"data\.json is missing or foreign"):
        board.read(path, "fid")
