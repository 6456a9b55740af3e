import pytest
import yaml

pytest.importorskip("kfp", reason="kfp comes with the extra `pipeline`")
pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.definition import define
from pipeline.kubeflow.compile_config import CompileConfig
from pipeline.kubeflow.compiled import compile_pipeline
from pipeline.kubeflow.step_config import StepConfig
from tfdogs import aside, cli
from tfdogs.errors import TfdogsError, UsageError

JOB = "6b0b40f2-0f0e-4c9a-8d0e-0a4a7c0c3f11"
SERVER = "mysql://me@db:3306/dogs"


def config(tmp_path, **flags):
    legal = {
        "images": "/data/images.tar",
        "root": "/data/dogs",
        "push_dir": "/data/served",
        "train_flags": "--total_kimg=5 --model=dcgan",
        "allow_alarms": True,
        "output": str(tmp_path / "pipeline.yaml"),
    }
    return CompileConfig(**{**legal, **flags})


def test_one_command_at_a_time_writes_the_file_and_sweeps_beside_it(tmp_path):
    (tmp_path / f".pipeline.yaml.tmp-{2**22 + 1}").write_text("of a killed command")
    compile_pipeline(config(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["pipeline.yaml"]
    other = config(tmp_path, output=str(tmp_path / "other.yaml"))
    with aside.alone_at(other.output), pytest.raises(TfdogsError, match=r"other\.yaml is in use by"):
        compile_pipeline(other)


def test_every_node_is_a_step_that_runs_it(tmp_path):
    compile_pipeline(config(tmp_path, image="dogs:1"))
    (spec,) = yaml.safe_load_all((tmp_path / "pipeline.yaml").read_text(encoding="utf-8"))
    pipeline = define(config(tmp_path))
    tasks = {task["taskInfo"]["name"]: (key, task) for key, task in spec["root"]["dag"]["tasks"].items()}
    assert set(tasks) == {node.name for node in pipeline.nodes}
    for node in pipeline.nodes:
        key, task = tasks[node.name]
        parents = {tasks[parent.name][0] for parent in pipeline.parents(node)}
        assert set(task.get("dependentTasks", ())) == parents
        container = spec["deploymentSpec"]["executors"][f"exec-{key}"]["container"]
        assert container["image"] == "dogs:1" and container["command"] == ["python", "-m", "pipeline.step"]
        assert task["inputs"]["parameters"]["run"]["runtimeValue"]["constant"] == "{{$.pipeline_job_uuid}}"
        # What the step parses is the pipeline that was compiled.
        words = [word.replace("{{$.inputs.parameters['run']}}", JOB) for word in container["args"]]
        step = cli.parse(StepConfig, ["step", *words], summary="")
        assert step.node == node.name and step.run == JOB
        assert [n.parameters for n in define(step).nodes] == [n.parameters for n in pipeline.nodes]


def test_a_claim_is_mounted(tmp_path):
    compile_pipeline(config(tmp_path, pvc="dogs-claim", mount="/mnt"))
    _, platform = yaml.safe_load_all((tmp_path / "pipeline.yaml").read_text(encoding="utf-8"))
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert len(executors) == 9
    assert all(e["pvcMount"][0]["mountPath"] == "/mnt" for e in executors.values())


def test_a_password_comes_from_a_secret(tmp_path):
    compile_pipeline(config(tmp_path, metadata=SERVER, secret="dogs-store"))
    text = (tmp_path / "pipeline.yaml").read_text(encoding="utf-8")
    _, platform = yaml.safe_load_all(text)
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert len(executors) == 9 and text.count(f"--metadata={SERVER}") == 9
    for executor in executors.values():
        (secret,) = executor["secretAsEnv"]
        (pair,) = secret["keyToEnv"]
        assert secret["secretName"] == "dogs-store"
        assert (pair["secretKey"], pair["envVar"]) == ("password", "TFDOGS_METADATA_PASSWORD")


def test_no_password_is_compiled(tmp_path):
    with pytest.raises(UsageError, match=r"--secret=NAME.*mysql://me:\.\.\.@db") as caught:
        config(tmp_path, metadata="mysql://me:hidden@db:3306/dogs")
    assert "hidden" not in str(caught.value)


def test_pictures_need_no_path(tmp_path):
    for images in ("paper_dogs:40", "tfds:stanford_dogs", "idx:/data/images.gz"):
        assert config(tmp_path, images=images).images == images


def test_a_file_that_is_there_stays(tmp_path):
    (tmp_path / "pipeline.yaml").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        compile_pipeline(config(tmp_path))
    assert (tmp_path / "pipeline.yaml").read_text() == "mine"


def test_a_pipeline_that_cannot_be_compiled_leaves_nothing(tmp_path, monkeypatch):
    def invalid(path):
        raise ValueError(path)

    monkeypatch.setattr("kfp.components.load_component_from_file", invalid)
    with pytest.raises(ValueError):
        compile_pipeline(config(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"image": " "}, "--image must not be empty"),
        ({"run": "a"}, "--run is the cluster's to say"),
        ({"root": "dogs"}, "--root must be an absolute path"),
        ({"push_dir": "served"}, "--push_dir must be an absolute path"),
        ({"images": "images.tar"}, "--images must be an absolute path"),
        ({"images": "idx:images.gz"}, "--images must be an absolute path"),
        ({"metadata": "m.sqlite"}, "--metadata must be an absolute path"),
        ({"secret": "dogs-store"}, "--secret goes with a --metadata that is a server's"),
    ],
)
def test_what_cannot_be_compiled_is_refused(tmp_path, flags, says):
    with pytest.raises(UsageError, match=says):
        config(tmp_path, **flags)
