import pytest
import yaml

pytest.importorskip("kfp", reason="kfp comes with the extra `pipeline`")
pytest.importorskip("tensorflow_data_validation", reason="TFDV comes with the extra `pipeline`")

from pipeline.definition import define
from pipeline.kubeflow.compile_config import CompileConfig
from pipeline.kubeflow.compiled import compile_pipeline
from pipeline.kubeflow.step_config import StepConfig
from tfdogs import cli
from tfdogs.errors import UsageError


def config(tmp_path, **flags):
    return CompileConfig(
        images="/data/images.tar",
        root="/data/dogs",
        push_dir="/data/served",
        train_flags="--total_kimg=5 --model=dcgan",
        allow_alarms=True,
        output=str(tmp_path / "pipeline.yaml"),
        **flags,
    )


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
        assert task["inputs"]["parameters"]["run"]["runtimeValue"]["constant"] == "{{$.pipeline_job_name}}"
        # What the step parses is the pipeline that was compiled.
        words = [word.replace("{{$.inputs.parameters['run']}}", "run-1") for word in container["args"]]
        step = cli.parse(StepConfig, ["step", *words], summary="")
        assert step.node == node.name and step.run == "run-1"
        assert [n.parameters for n in define(step).nodes] == [n.parameters for n in pipeline.nodes]


def test_a_claim_is_mounted(tmp_path):
    compile_pipeline(config(tmp_path, pvc="dogs-claim", mount="/mnt"))
    _, platform = yaml.safe_load_all((tmp_path / "pipeline.yaml").read_text(encoding="utf-8"))
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert len(executors) == 9
    assert all(e["pvcMount"][0]["mountPath"] == "/mnt" for e in executors.values())


def test_a_file_that_is_there_stays(tmp_path):
    (tmp_path / "pipeline.yaml").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        compile_pipeline(config(tmp_path))
    assert (tmp_path / "pipeline.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("flags", "says"),
    [({"image": " "}, "--image must not be empty"), ({"run": "a"}, "--run is the cluster's to say")],
)
def test_what_cannot_be_compiled_is_refused(tmp_path, flags, says):
    with pytest.raises(UsageError, match=says):
        config(tmp_path, **flags)
