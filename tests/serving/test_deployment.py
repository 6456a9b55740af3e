import re

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from tfdogs.errors import TfdogsError, UsageError
from tfdogs.serving import deployment
from tfdogs.serving.protos import model_server_config_pb2


def batching_parameters():
    """Returns an empty BatchingParameters, as TensorFlow Serving's session_bundle_config.proto has it; its
    Python package lacks the file."""
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", package="test", syntax="proto3")
    number = file.message_type.add(name="Int64Value").field.add(name="value", number=1)
    number.type, number.label = number.TYPE_INT64, number.LABEL_OPTIONAL
    message = file.message_type.add(name="BatchingParameters")
    names = ("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads")
    for place, name in enumerate(names, 1):
        field = message.field.add(name=name, number=place, type_name=".test.Int64Value")
        field.type, field.label = field.TYPE_MESSAGE, field.LABEL_OPTIONAL
    sizes = message.field.add(name="allowed_batch_sizes", number=6)
    sizes.type, sizes.label = sizes.TYPE_INT64, sizes.LABEL_REPEATED
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("test.BatchingParameters"))()


@pytest.fixture
def folder(tmp_path):
    """A folder of versions that the files for a model called "my.dogs-2" were written to."""
    assert deployment.write(tmp_path, "my.dogs-2") == []
    return tmp_path


def test_models_config_is_one(folder):
    config = text_format.Parse(
        (folder / "models.config").read_text(), model_server_config_pb2.ModelServerConfig()
    )
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("my.dogs-2", "/models/my.dogs-2")
    assert model.model_platform == "tensorflow" and model.model_version_policy.latest.num_versions == 1


def test_batching_parameters_are_such(folder):
    parameters = text_format.Parse((folder / "batching_parameters.txt").read_text(), batching_parameters())
    assert parameters.max_batch_size.value == 32 and parameters.num_batch_threads.value > 0


def test_compose_serves_what_lies_beside_it_to_this_machine_only(folder):
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    assert services.keys() == {"serving", "page"}
    for service in services.values():
        assert re.fullmatch(r"[a-z/]+:[\d.]+", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for volume in service["volumes"]:
            assert volume["read_only"] is True and (folder / volume["source"]).exists()
    serving = services["serving"]
    (volume,) = serving["volumes"]
    assert volume["target"] == "/models/my.dogs-2"
    assert f"--model_config_file={volume['target']}/models.config" in serving["command"]
    assert not any("batching" in flag for flag in serving["command"])
    assert serving["ports"] == ["127.0.0.1:8500:8500"]  # gRPC, which no browser speaks
    assert str(folder / "page") not in str(serving) and "./page" in str(services["page"]["volumes"])


def test_nginx_passes_on_the_model_and_nothing_else(folder):
    text = (folder / "nginx.conf").read_text()
    assert set(re.findall(r"location (.*) \{", text)) == {
        "/",
        "= /v1/models/my.dogs-2",
        r"~ ^/v1/models/my\.dogs\-2(:|/)",
    }
    (pattern,) = re.findall(r"location ~ (.*) \{", text)
    assert re.match(pattern, "/v1/models/my.dogs-2:predict") and re.match(
        pattern, "/v1/models/my.dogs-2/metadata"
    )
    for other in (
        "/v1/models/my_dogs-2:predict",
        "/v1/models/my.dogs-23/metadata",
        "/x/v1/models/my.dogs-2:",
    ):
        assert not re.match(pattern, other)
    assert set(re.findall("proxy_pass (.*);", text)) == {"http://serving:8501"}
    assert "default-src 'self'; img-src 'self' blob: data:" in text
    assert text.count("{") == text.count("}")


def test_nginx_is_asked_by_its_own_names_only(folder):
    """TensorFlow Serving asks for no names: so all that browsers reach is behind nginx."""
    text = re.sub("#.*", "", (folder / "nginx.conf").read_text())
    others, ours = re.findall(r"^server \{(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    ports = yaml.safe_load((folder / "compose.yaml").read_text())["services"]["page"]["ports"]
    published = {port.split(":")[-1] for port in ports}
    assert set(re.findall(r"listen (\d+) default_server;", others)) == published == {"80", "8501"}
    assert set(re.findall(r"listen (\d+);", ours)) == published
    assert "return 403" in others and "location" not in others
    assert "server_name localhost 127.0.0.1 [::1];" in ours
    assert "if ($asking != $http_host) {" in ours


def test_the_page_talks_to_the_model_by_its_name(folder):
    assert '<meta name="model" content="v1/models/my.dogs-2">' in (folder / "page/index.html").read_text()
    assert {path.suffix for path in (folder / "page").iterdir()} >= {".html", ".css", ".js"}
    for path in folder.rglob("*"):
        assert not path.is_file() or b"@NAME" not in path.read_bytes()


def test_what_was_edited_is_kept_and_said(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert deployment.write(folder, "my.dogs-2") == []
    edited, missing = folder / "compose.yaml", folder / "page/style.css"
    edited.write_text("services: {}")
    missing.unlink()
    assert deployment.write(folder, "my.dogs-2") == ["compose.yaml"]
    assert edited.read_text() == "services: {}"
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert after == {**before, edited: b"services: {}"}
    assert set(deployment.write(folder, "dogs")) >= {"models.config", "nginx.conf", "page/index.html"}


def test_the_name_is_that_of_the_first_export(folder, tmp_path_factory):
    assert deployment.choose_name(folder, "") == deployment.choose_name(folder, "my.dogs-2") == "my.dogs-2"
    message = r"--name=pups .*models\.config says my\.dogs-2; leave --name out, .* delete models\.config"
    with pytest.raises(UsageError, match=message):
        deployment.choose_name(folder, "pups")
    for empty in (tmp_path_factory.mktemp("empty"), folder / "not/there"):
        assert deployment.choose_name(empty, "") == "dogs" and deployment.choose_name(empty, "pups") == "pups"


def test_the_name_in_a_models_config_that_was_edited(tmp_path):
    path = tmp_path / "models.config"
    path.write_text(
        "model_config_list { # name: 'x'\nconfig {name:'a' base_path: '/a'} config { name : \"b\"}}"
    )
    assert deployment.choose_name(tmp_path, "b") == "b"
    with pytest.raises(UsageError, match=r"--name=x .* says a, b;"):
        deployment.choose_name(tmp_path, "x")
    with pytest.raises(UsageError, match=r"--name must be one of a, b, as in .*models\.config"):
        deployment.choose_name(tmp_path, "")
    path.write_text("custom_model_config {}")
    assert deployment.choose_name(tmp_path, "") == "dogs" and deployment.choose_name(tmp_path, "x") == "x"
    for name in ("../up", "a;b", ".a", "\u00e9"):
        path.write_text(f"model_config_list {{ config {{ name: '{name}' }} }}", encoding="utf-8")
        with pytest.raises(
            UsageError, match=r"the name in .*models\.config must be letters, .*Received: " + name
        ):
            deployment.choose_name(tmp_path, "")
    path.unlink()
    path.mkdir()
    with pytest.raises(TfdogsError, match=r"cannot read .*models\.config"):
        deployment.choose_name(tmp_path, "")
