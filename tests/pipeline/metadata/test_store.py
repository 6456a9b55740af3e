import pytest

from pipeline.core.artifact import Artifact
from tfdogs.errors import TfdogsError, UsageError

pytest.importorskip("ml_metadata", reason="ml-metadata comes with the extra `pipeline`")

from ml_metadata import errors

from pipeline.metadata import retried as retrying
from pipeline.metadata.connection import connection
from pipeline.metadata.store import Store


def test_addresses_of_servers():
    mysql = connection("mysql://me:p%40ss@db.example:3307/dogs").mysql
    assert (mysql.host, mysql.port, mysql.database) == ("db.example", 3307, "dogs")
    assert (mysql.user, mysql.password) == ("me", "p@ss")
    postgresql = connection("postgresql://me:secret@db.example/dogs").postgresql
    assert (postgresql.host, postgresql.port, postgresql.dbname) == ("db.example", "5432", "dogs")


def test_a_password_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("TFDOGS_METADATA_PASSWORD", "p@ss/word")
    assert connection("mysql://me@db.example/dogs").mysql.password == "p@ss/word"
    assert connection("postgresql://me@db.example/dogs").postgresql.password == "p@ss/word"
    assert connection("mysql://me:mine@db.example/dogs").mysql.password == "mine"


@pytest.mark.parametrize(
    "address",
    [
        "oracle://me:secret@db/dogs",
        "mysql://me:secret@db",
        "postgresql:///dogs",
        "mysql://me:secret/#@db/dogs",
        "mysql://me:[secret@db/dogs",
    ],
)
def test_other_addresses_are_refused_and_passwords_not_told(address):
    with pytest.raises(UsageError, match="--metadata must be a file, mysql://") as caught:
        connection(address)
    assert "secret" not in str(caught.value)


def test_a_file_that_cannot_be_opened(tmp_path):
    (tmp_path / "metadata.sqlite").mkdir()
    with pytest.raises(TfdogsError, match="cannot open the metadata store"):
        Store(tmp_path / "metadata.sqlite")


def test_facts_of_a_run_are_kept_and_changed(store, tmp_path):
    store.begin_run("dogs", "one", {"state": "running", "seed": 3, "share": 0.5, "deep": True})
    store.tell_run("one", {"state": "complete"})
    store.begin_run("cats", "two", {"state": "running"})
    again = Store(tmp_path / "metadata.sqlite")
    assert again.runs("dogs") == [
        {"run": "one", "pipeline": "dogs", "state": "complete", "seed": 3, "share": 0.5, "deep": True}
    ]
    assert [facts["run"] for facts in again.runs()] == ["one", "two"]


def test_an_artifact_knows_its_maker_also_after_a_cache_hit(store, toys, tmp_path):
    node = toys[0](value=4)
    where = {"pipeline": "dogs", "run": "one"}
    store.begin_run("dogs", "one", {})
    execution = store.begin(node, "f" * 32, {}, **where)
    assert store.cached("Source", "f" * 32) is None  # it is not complete
    made = store.finish(execution, {"number": Artifact("Number", tmp_path, "a" * 32, {"value": 4})}, **where)
    store.reuse(node, "f" * 32, {}, outputs=made, **where)
    assert store.cached("Source", "f" * 32) == made and store.cached("Sum", "f" * 32) is None
    facts = store.maker(made["number"])
    assert (facts["id"], facts["node"], facts["state"]) == (execution, "Source", "complete")
    assert facts["parameters"] == {"value": 4, "workers": 1} and facts["outputs"] == made
    assert store.maker(Artifact("Number", tmp_path, "b", id=99)) is None and store.artifact(99) is None


def test_the_latest_are_one_pipelines_own_newest_first(store, toys, tmp_path):
    for run, pipeline in (("one", "dogs"), ("two", "dogs"), ("three", "cats")):
        where = {"pipeline": pipeline, "run": run}
        store.begin_run(pipeline, run, {})
        execution = store.begin(toys[0](value=1), run, {}, **where)
        store.finish(execution, {"number": Artifact("Number", tmp_path, run)}, **where)
    assert [a.fingerprint for a in store.latest("Number", "dogs")] == ["two", "one"]
    assert store.latest("Other", "dogs") == store.latest("Number", "birds") == []


def test_a_call_that_met_another_writer_is_made_again(monkeypatch):
    monkeypatch.setattr(retrying.time, "sleep", lambda seconds: None)
    tries = []

    def busy(times):
        tries.append(times)
        if len(tries) < times:
            raise errors.AbortedError("database is locked")
        return "done"

    assert retrying.retried(busy, 5) == "done" and len(tries) == 5
    tries.clear()
    with pytest.raises(TfdogsError, match="the metadata store failed: database is locked"):
        retrying.retried(busy, 99)
    tries.clear()

    def broken():
        tries.append(0)
        raise errors.InvalidArgumentError("no such type")

    with pytest.raises(TfdogsError, match="no such type"):
        retrying.retried(broken)
    assert len(tries) == 1
