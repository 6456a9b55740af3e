"""The benchmarks' own arithmetic: what they count, in which order they measure, how they talk."""

import argparse
import importlib
import json
import signal
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
import tensorflow as tf
from PIL import Image

import tfdogs
from tfdogs.models import registry

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def load(monkeypatch):
    """Imports a module of benchmarks/ as its scripts do: from their own folder."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module
    for name in ("flops", "recipes", "search", "timing"):
        sys.modules.pop(name, None)


@pytest.fixture
def networks():
    return registry.build("dcgan", image_size=32, latent_dim=5, g_channels=2, d_channels=3)


def test_layers_count_their_multiply_adds(load, networks):
    generator, discriminator = map(load("flops").layer_macs, networks)
    assert generator == [5 * 4 * 4 * 8, 4 * 4 * 16 * 8 * 4, 8 * 8 * 16 * 4 * 2, 16 * 16 * 16 * 2 * 3]
    assert discriminator == [16 * 16 * 16 * 3 * 3, 8 * 8 * 16 * 3 * 6, 4 * 4 * 16 * 6 * 12, 4 * 4 * 12]


def test_step_counts_the_products_that_tensorflow_runs(load, networks, monkeypatch):
    flops = load("flops")
    gan = tfdogs.GAN(generator=networks[0], discriminator=networks[1], ema=None)
    gan.compile()
    graph = tf.function(gan.train_step).get_concrete_function(tf.zeros([2, 32, 32, 3])).graph
    # What is computed for nobody never runs; what changes a variable always does.
    wanted = [output.op.name for output in graph.outputs]
    wanted += [op.name for op in graph.get_operations() if op.type.startswith(("Assign", "ResourceApply"))]
    nodes = tf.compat.v1.graph_util.extract_sub_graph(graph.as_graph_def(), wanted).node
    kinds = Counter(node.op for node in nodes)
    products = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "MatMul")
    each_one = [1] * 4  # a multiply-add for each of the four weighted layers
    monkeypatch.setattr(flops, "layer_macs", lambda network: each_one)
    assert flops.step_flops(*networks) == 2 * sum(kinds[product] for product in products)


def test_contenders_take_turns_and_warm_up_turns_are_dropped(load):
    order = []
    contenders = [lambda: order.append("a") or len(order), lambda: order.append("b") or len(order)]
    results = load("timing").alternate(contenders, 2, warm_up=1, pause=0)
    assert "".join(order) == "ababab"
    assert results == [[3, 5], [4, 6]]


def test_spread_and_ratios(load):
    timing = load("timing")
    assert timing.spread([3.0, 1.0, 2.0]) == "2.0 (1.0..3.0)"
    assert timing.ratios([2, 9], [1, 3]) == [2, 3]


def test_worker_answers_though_its_library_prints(load, tmp_path):
    program = tmp_path / "child.py"
    program.write_text(
        f"import sys\nsys.path.insert(0, {str(BENCHMARKS)!r})\nimport timing\n"
        "timing.serve({'name': 'child'}, spin=lambda n: print('chatter', sum(range(n))))\n"
    )
    with load("timing").Worker([sys.executable, program]) as worker:
        assert worker.facts == {"name": "child"}
        answers = [worker.run("spin", 3), worker.run("spin", 4)]
    assert [set(answer) for answer in answers] == [{"seconds", "cpu_seconds", "idle_cpu_seconds"}] * 2


def test_worker_that_dies_ends_the_benchmark_with_one_line(load, tmp_path):
    program = tmp_path / "child.py"
    program.write_text("import sys\nsys.exit('no torch here')\n")
    with pytest.raises(SystemExit, match=r"child\.py ended"):
        load("timing").Worker([sys.executable, program])


def test_worker_without_an_interpreter_ends_the_benchmark_with_one_line(load):
    with pytest.raises(SystemExit, match="cannot start /no/python: No such file"):
        load("timing").Worker(["/no/python"])


def test_counts_on_the_command_line_are_positive(load):
    positive = load("timing").positive
    assert positive("3") == 3
    with pytest.raises(argparse.ArgumentTypeError, match="Received: 0"):
        positive("0")


def trained(run):
    """Writes what training and scoring leave, as far as the table reads it."""
    run.mkdir()
    log = [
        {"kimg": 0.0, "fid": 300.0},  # no record of the training
        {"kimg": 1.0, "seconds": 20.0, "images_per_second": 50.0},
        {"kimg": 1200.5, "seconds": 90.0, "images_per_second": 70.0},
    ]
    scores = {
        "fid": {"value": 156.388, "error": 0.845},
        "memorization_distance": {"value": 0.4188, "error": None},
    }
    for name, value in {
        "config.json": {"model": "biggan", "conditional": True},
        "data.json": {"image_size": 64},
        "scores.json": {
            "fakes": "runs/dogs at 1200.5 kimg, seeds 0 to 1999",
            "stamp": {"label": "EfficientNet-Lite0", "weights": "57"},
            "scores": scores,
            "num_fakes": 2000,
        },
    }.items():
        (run / name).write_text(json.dumps(value))
    (run / "metrics.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in log))
    return run


def test_table_of_recipes(load, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["recipes.py", str(trained(tmp_path / "dogs"))])
    load("recipes").main()
    head, line, row = capsys.readouterr().out.splitlines()
    assert head.count("|") == line.count("|") == row.count("|") and "| FID (EfficientNet-Lite0) |" in head
    cells = ["dogs", "biggan, conditional", "64", "1,200.5", "1.5", "60", "156.4 ± 0.8", "", "0.419", "2,000"]
    assert row == f"| {' | '.join(cells)} |"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.json", '{"model": "big', "is damaged or foreign: Unterminated string"),
        ("config.json", '{"model": "biggan"}', "has no 'conditional'"),
        ("data.json", "[64]", "is damaged or foreign: list indices"),
        ("data.json", '{"image_size": "large"}', "is damaged or foreign: Unknown format code"),
        ("metrics.jsonl", "", "it has no record of the training"),
        ("metrics.jsonl", '{"kimg": 1.0, "seconds": 9.0}\n', "it has no 'images_per_second'"),
        ("metrics.jsonl", '{"kimg": 1.0, "sec', "is damaged or foreign: Unterminated string"),
        ("scores.json", "{}", "it has no 'fakes'"),
        ("scores.json", '{"fakes": "cats (train)"}', "its fakes are of no run: cats (train)"),
        ("scores.json", '{"kimg": 1200.5}', "it has no 'scores'"),
        (
            "scores.json",
            '{"kimg": 1200.5, "scores": {"fid": 3.5}, "num_fakes": 9}',
            "foreign: 'float' object",
        ),
        ("scores.json", '{"kimg": 1200.5, "scores": [], "num_fakes": 9}', "foreign: 'list' object"),
        ("scores.json", "\xff", "is damaged or foreign: "),
    ],
)
def test_a_damaged_file_is_one_line_that_names_it(load, tmp_path, name, text, message):
    run = trained(tmp_path / "dogs")
    (run / name).write_bytes(text.encode("latin-1"))
    recipes = load("recipes")
    with pytest.raises(SystemExit) as caught:
        recipes.row(run, *recipes.scored(run))
    assert str(caught.value).startswith(f"recipes.py: {run / name} ")
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_table_of_a_run_that_scored_itself(load, tmp_path, monkeypatch, capsys):
    run = trained(tmp_path / "dogs")
    (run / "scores.json").unlink()
    record = {
        "kimg": 800.0,
        "stamp": {"label": "Inception"},
        "scores": {"fid": {"value": 9.26, "error": 0.31}},
        "num_fakes": 500,
        "memorization": {"distance": 0.5},
    }
    (run / "evaluations.jsonl").write_text(f"{json.dumps({})}\n{json.dumps(record)}\n")
    monkeypatch.setattr(sys, "argv", ["recipes.py", str(run)])
    load("recipes").main()
    out = capsys.readouterr().out
    assert "| FID (Inception) |" in out
    assert out.endswith("| 1.0 | 0.3 | 50 | 9.3 ± 0.3 |  | 0.500 | 500 |\n")  # all as it was at 800 kimg


def test_scores_of_another_moment_are_refused(load, tmp_path):
    run = trained(tmp_path / "dogs")
    scores = json.loads((run / "scores.json").read_text())
    (run / "scores.json").write_text(json.dumps({**scores, "fakes": "runs/dogs at 10 kimg, seeds 0 to 1999"}))
    recipes = load("recipes")
    with pytest.raises(SystemExit, match=r"is of 10 kimg, and .*dogs was trained to 1200\.5: score it again"):
        recipes.row(run, *recipes.scored(run))


def test_scores_by_different_extractors_are_no_table(load, tmp_path, monkeypatch, capsys):
    runs = [trained(tmp_path / name) for name in ("dogs", "cats")]
    scores = json.loads((runs[1] / "scores.json").read_text())
    scores["stamp"]["weights"] = "75"
    (runs[1] / "scores.json").write_text(json.dumps(scores))
    monkeypatch.setattr(sys, "argv", ["recipes.py", *map(str, runs)])
    with pytest.raises(SystemExit, match=r"cats/scores\.json was scored by .*: they don't compare"):
        load("recipes").main()
    assert not capsys.readouterr().out


def test_table_of_a_run_that_was_not_scored(load, tmp_path, monkeypatch):
    (trained(tmp_path / "dogs") / "scores.json").unlink()
    monkeypatch.setattr(sys, "argv", ["recipes.py", str(tmp_path / "dogs")])
    with pytest.raises(SystemExit, match=r"scores\.json"):
        load("recipes").main()


def test_table_of_a_search_at_one_moment(load, tmp_path, monkeypatch, capsys):
    runs = [trained(tmp_path / name) for name in ("base", "wide")]
    config = json.loads((runs[1] / "config.json").read_text())
    (runs[1] / "config.json").write_text(json.dumps({**config, "d_channels": 48, "model_dir": "elsewhere"}))
    for number, run in enumerate(runs):
        scores = [{"fid": {"value": value + number, "error": 0.25}} for value in (200.0, 100.0, 50.0)]
        lines = [
            {
                "kimg": kimg,
                "stamp": {"label": "EfficientNet-Lite0"},
                "scores": score,
                "num_fakes": 500,
                "memorization": {"distance": 0.5},
            }
            for kimg, score in zip((0.0, 50.2, 100.0), scores)
        ]
        (run / "evaluations.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        logs = [
            {"kimg": kimg, "seconds": 6 * kimg, "images_per_second": 10.0} for kimg in (25.0, 50.2, 100.0)
        ]
        (run / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in logs))
    monkeypatch.setattr(sys, "argv", ["recipes.py", "--kimg=50", "--diff", *map(str, runs)])
    load("recipes").main()
    head, _, base, wide = capsys.readouterr().out.splitlines()
    assert head.endswith("| images scored | flags |")
    assert "| 50.2 | 5.0 | 10 | 100.0 ± 0.2 |" in base and base.endswith("| 500 |  |")
    assert "| 101.0 ± 0.2 |" in wide and wide.endswith("| --d_channels=48 |")


def test_sheets_are_kept_and_linked(load, tmp_path, monkeypatch, capsys):
    run, folder = trained(tmp_path / "dogs"), tmp_path / "images"
    (run / "samples").mkdir()
    folder.mkdir()
    for kimg, grey in ((0, 10), (100, 200)):
        Image.new("RGB", (8, 8), (grey,) * 3).save(run / f"samples/fakes{kimg:06d}.png")
    monkeypatch.setattr(sys, "argv", ["recipes.py", f"--sheets={folder}", str(run)])
    load("recipes").main()
    head, _, row = capsys.readouterr().out.splitlines()
    assert head.endswith("| images scored | sheet |")
    assert row.endswith("| 2,000 | [sheet](images/recipe_dogs.jpg) |")
    with Image.open(folder / "recipe_dogs.jpg") as image:
        assert image.format == "JPEG" and image.getpixel((4, 4)) == (200, 200, 200)  # the last


@pytest.mark.parametrize("sheet", [None, b"no picture"])
def test_a_sheet_that_is_not_there_is_one_line(load, tmp_path, sheet):
    run = trained(tmp_path / "dogs")
    (run / "samples").mkdir()
    if sheet:
        (run / "samples/fakes000000.png").write_bytes(sheet)
    with pytest.raises(SystemExit, match=r"recipes\.py: .*samples") as caught:
        load("recipes").keep_sheet(run, tmp_path)
    assert "\n" not in str(caught.value) and not (tmp_path / "recipe_dogs.jpg").exists()


def test_a_search_reads_its_candidates(load, tmp_path):
    search = load("search")
    found = search.read_candidates(BENCHMARKS / "candidates.txt")
    assert found[0] == search.Candidate("base", ()) and len(found) > 10
    (tmp_path / "twice").write_text("a --r1=1\n\na --r1=2  # again\n")
    with pytest.raises(SystemExit, match="names of their own"):
        search.read_candidates(tmp_path / "twice")


def test_every_candidate_is_a_legal_recipe(load, monkeypatch):
    from tfdogs import cli
    from tfdogs.training.config import TrainConfig

    monkeypatch.chdir(BENCHMARKS.parent)
    for candidate in load("search").read_candidates(BENCHMARKS / "candidates.txt"):
        flags = [*candidate.flags, "--data_dir=data", "--model_dir=run", "--schedule_kimg=100"]
        assert cli.parse(TrainConfig, ["train", *flags], summary="").max_wall_seconds == 0, candidate.name


def test_a_search_keeps_the_lowest_distances(load):
    search = load("search")
    candidates = [search.Candidate(name, ()) for name in "abcde"]
    fids = {"a": 3.0, "b": 1.0, "c": 4.0, "d": 2.0, "e": float("inf")}  # e diverged
    assert [c.name for c in search.keep_best(candidates, fids, 1 / 3)] == ["b", "d"]


def test_a_heat_ends_a_command_by_its_cpu_time(load, tmp_path):
    noted = []
    on_signal = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(print('saved')))"
    busy = f"{on_signal}\nwhile True: pass"
    search = load("search")
    used, done = search.run_for([sys.executable, "-c", busy], 0.2, log=tmp_path / "log", note=noted.append)
    assert done and used >= 0.2 and noted[-1] == used
    assert (tmp_path / "log").read_text() == "saved\n"


TRAINS = """
import json, pathlib, signal, sys
run = pathlib.Path(dict(a.split("=", 1) for a in sys.argv[1:] if "=" in a)["--model_dir"])
run.mkdir(parents=True, exist_ok=True)
def save(*_):
    lines = [{"kimg": 0.5, "seconds": 1.0}, {"kimg": 1.0, "seconds": 2.0}]
    (run / "metrics.jsonl").write_text("\\n".join(map(json.dumps, lines)))
    (run / "argv.json").write_text(json.dumps(sys.argv))
    sys.exit(143)
signal.signal(signal.SIGTERM, save)
if "--fails" in sys.argv: sys.exit("no such data")
while True: pass
"""
SCORES = """
import json, pathlib, sys
FIDS = {"a": 12.5, "b": 10.0, "c": 11.0}
given = dict(a.split("=", 1) for a in sys.argv[1:] if "=" in a)
fid = {"value": FIDS[given["--model_dir"][-1]]}
pathlib.Path(given["--output"]).write_text(json.dumps({"scores": {"fid": fid}}))
"""


@pytest.fixture
def heat(load, tmp_path, monkeypatch):
    """Returns a maker of `Heat`s of 0.2 CPU seconds, with stand-ins for training and scores."""
    search = load("search")
    monkeypatch.setattr(search, "_TRAIN", [sys.executable, "-c", TRAINS])
    monkeypatch.setattr(search, "_EVALUATE", [sys.executable, "-c", SCORES])
    args = argparse.Namespace(data_dir="data", output=tmp_path / "search", metrics="fid")

    def run(*flags, minutes=0.2 / 60, stop=None):
        heat = search.Heat(minutes, args, stop or threading.Event())
        return heat.run(search.Candidate("a", flags), 50.0, None)

    return search, run, tmp_path / "search" / f"{0.2 / 60:g}"


def test_a_heat_is_run_once_and_for_its_flags_only(heat):
    _, run, folder = heat
    facts = run("--r1=1")
    assert facts["fid"] == 12.5 and facts["kimg"] == 1.0 and facts["minutes"] >= 0.2 / 60
    (folder / "a" / "metrics.jsonl").unlink()
    assert run("--r1=1") == facts  # from its file
    with pytest.raises(SystemExit, match=r"a.json is of other flags: .*Received: --r1=2, there: --r1=1"):
        run("--r1=2")


def test_a_heat_that_is_stopped_or_fails_is_not_noted_as_done(heat):
    search, run, folder = heat
    stop = threading.Event()
    stop.set()
    with pytest.raises(search.Interrupted, match="the same command resumes"):
        run(minutes=1, stop=stop)
    assert {path.suffix for path in folder.with_name("1").iterdir()} == {"", ".log", ".used"}
    assert run("--fails")["fid"] == float("inf")
    assert not (folder / "a.json").exists()
    assert run()["fid"] == 12.5


def test_a_search_goes_on_with_the_best_for_as_long_as_their_speed_says(heat, tmp_path, monkeypatch, capsys):
    search, _, folder = heat
    monkeypatch.setattr(search, "_TRIAL_SECONDS", 0.2)
    (tmp_path / "candidates").write_text("a\nb --r1=1\nc --fails\n")
    minutes = [0.2 / 60, 0.4 / 60]
    args = argparse.Namespace(
        candidates=tmp_path / "candidates", data_dir="data", output=folder.parent, metrics="fid",
        minutes=minutes, keep=0.5, cores=[None],
    )  # fmt: skip
    before = signal.getsignal(signal.SIGTERM)
    try:
        search.search(args)
    finally:
        signal.signal(signal.SIGTERM, before)
    heats = [sorted(path.name for path in folder.with_name(f"{m:g}").glob("*.json")) for m in minutes]
    assert heats == [["a.json", "b.json"], ["b.json"]]
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("c could not be trained or scored") and said[1].endswith("minutes: b lead")
    assert [row.split(" | ")[1] for row in said[-3:]] == ["b", "a", "b"]
    assert not list(folder.glob("*.trial"))
    # 0.5 kimg a second in the trial, of a core that other work may share; then by the heat's own speed.
    first, second = (schedule(folder.with_name(f"{m:g}") / "b") for m in minutes)
    assert first >= 0.1
    speed = json.loads((folder / "b.json").read_text())["speed"]
    assert second == pytest.approx(speed * 0.4 / 1000, abs=1e-3)


def schedule(run):
    """Returns the --schedule_kimg that a stand-in for training was given."""
    flags = dict(part.split("=", 1) for part in json.loads((run / "argv.json").read_text()) if "=" in part)
    return float(flags["--schedule_kimg"])


def test_the_rows_of_a_search(load, tmp_path):
    for heat, name, fid in ((20, "a", 140.0), (20, "b", 120.0), (60, "b", 90.0)):
        folder = tmp_path / str(heat)
        folder.mkdir(exist_ok=True)
        facts = {
            "kimg": 1234.5,
            "minutes": heat,
            "speed": 171.2,
            "flags": "--r1=1",
            "fid": fid,
            "dog_score": 0.5,
        }
        (folder / f"{name}.json").write_text(json.dumps(facts))
    rows = load("search").table(tmp_path).splitlines()[2:]
    assert [row.split(" | ")[:2] for row in rows] == [["| 20", "b"], ["| 20", "a"], ["| 60", "b"]]
    assert rows[0] == "| 20 | b | 1,234.5 | 171 | 120.0 | 0.500 |  | --r1=1 |"
