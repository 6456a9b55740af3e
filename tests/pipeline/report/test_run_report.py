import contextlib
import re

import pytest

pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")
pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.core.dag import Pipeline
from pipeline.release import documents
from pipeline.report import graph, tables
from pipeline.report.run_report import render, write_report
from pipeline.runner import Runner
from tfdogs.errors import TfdogsError


@pytest.fixture
def build(toys):
    source, add, _ = toys

    def build(left=1, right=2):
        a, b = source(name="Left", value=left), source(name="Right", value=right)
        return Pipeline("sums & more", (add(left=a.outputs.number, right=b.outputs.number), b, a))

    return build


@pytest.fixture
def told(store, build, tmp_path):
    """Returns a function that runs the sum and returns its page."""
    runner = Runner(store, tmp_path / "root")

    def told(run, left=1, right=2, **facts):
        pipeline = build(left, right)
        with contextlib.suppress(TfdogsError):
            runner.run(pipeline, run, facts)
        return render(store, pipeline, run, place=tmp_path / "root/runs" / run)

    return told


def test_a_page_tells_what_ran_and_links_what_was_made(told, store):
    page = told("first", version="0.1.0, abc", flags="--images=<b>.tar")
    assert "<title>sums &amp; more" in page
    assert "<b>complete</b>. A model is served. tfdogs 0.1.0, abc." in page
    assert "--images=&lt;b&gt;.tar" in page and "Stopped" not in page
    for execution in store.executions("first"):
        assert f"<td>{execution['node']} {execution['id']}</td>" in page
        for output, artifact in execution["outputs"].items():
            link = f'<a href="../../{execution["node"]}/{execution["id"]}/{output}">Number {artifact.id}</a>'
            assert link in page
    assert not re.search(r'(src|href)="(?!data:|[.][.]/|#)', page)  # nothing from outside


def test_a_cached_node_says_where_its_work_was_done(told, store):
    told("first")
    page = told("second")
    for execution in store.executions("first"):
        assert f"as in execution {execution['id']}, 0.0 s" in page
    assert page.count('<b class="cached">cached</b>') == 3


def test_a_failure_is_told_with_its_reason_and_what_waits(told, store, build):
    page = told("unlucky", left=6, right=7)
    assert "<b>failed</b>. No model was pushed." in page
    assert re.search(r'role="alert"><b>Stopped</b><p>[^<]*13 brings bad luck', page)
    executions = [facts for facts in store.executions("unlucky") if facts["node"] != "Sum"]
    text = graph.dot(build(6, 7), executions)
    assert '"Sum" [class="waiting", label="Sum\\nwaiting"]' in text and '"Left" [class="complete"' in text
    assert text.count(" -> ") == 2


def test_a_page_appears_whole(told, store, build, tmp_path):
    told("first")
    path = tmp_path / "page/pipeline_report.html"
    write_report(store, build(), "first", path=path)
    write_report(store, build(), "first", path=path)  # over the one before
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def score(value, error=None, *, reals=50):
    return {"title": "FID <x>", "value": value, "error": error, "num_fakes": 1000, "num_reals": reals}


def test_scores_stand_beside_the_last_blessed_models(tmp_path):
    check = {"score": "FID", "found": "90", "rule": "at most 95", "passed": True}
    broken = {"score": "d", "found": "0.1", "rule": "at least 0.2", "passed": False}
    candidate = {"scores": {"fid": score(90.0, 1.0), "dog_score": score(0.5, reals=0)}}
    values = {"checks": [check, broken], "candidate": candidate, "baseline": {"scores": {"fid": score(99.0)}}}
    documents.write(tmp_path, documents.EVALUATION, values)
    page = tables.scores(tmp_path)
    assert page.count('<b class="good">kept</b>') == page.count('<b class="bad">broken</b>') == 1
    assert "<td>FID &lt;x&gt;</td><td>90.0 ± 1.0</td><td>99</td><td>1,000 drawn, 50 real</td>" in page
    assert "<td>0.500</td><td></td><td>1,000 drawn</td>" in page


def test_statistics_have_a_row_a_feature_and_anomalies_their_words(tmp_path, in_memory_statistics):
    found = in_memory_statistics(tmp_path)
    page = tables.statistics(found)
    assert "<td>pictures</td><td>40</td><td>0</td>" in page
    assert "malamute&nbsp;20" in page and "a&lt;b&gt;&nbsp;20" in page and "<svg" in page
    assert "always 64" in page
    documents.write(tmp_path, "anomalies.json", [])
    assert tables.anomalies(tmp_path).startswith('<p class="note">None')
    row = {"split": "train", "feature": "class", "short": "missing", "long": "no <pug>"}
    documents.write(tmp_path, "anomalies.json", [row])
    assert "<td>train</td><td>class</td><td>missing</td><td>no &lt;pug&gt;</td>" in tables.anomalies(tmp_path)


@pytest.fixture
def in_memory_statistics():
    from tensorflow_data_validation.statistics import stats_impl

    from pipeline.components.statistics_gen import OPTIONS
    from pipeline.validation import statistics as files
    from pipeline.validation.looking import table

    def write(folder):
        facts = [
            {"class": ("malamute", "a<b>")[number % 2], "width": 64, "brightness": float(number)}
            for number in range(40)
        ]
        found = stats_impl.generate_statistics_in_memory(table(facts), OPTIONS)
        files.path(folder, "train").write_bytes(found.SerializeToString())
        files.write_empty(folder, "eval")
        return folder

    return write
