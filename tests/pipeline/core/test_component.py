import pytest

from pipeline.core import fingerprints
from pipeline.core.component import Component
from pipeline.core.contract import ArtifactType, Channel, Input, Output, Parameter
from pipeline.core.dag import Pipeline
from tfdogs.errors import UsageError

OTHER = ArtifactType("Other", fingerprints.of_folder)


def test_a_subclass_declares_and_an_instance_binds(toys):
    source, add, number = toys
    node = source(value=3)
    assert list(add.declared(Input)) == ["left", "right"] and list(add.declared(Parameter)) == ["limit"]
    assert list(add.declared(Output)) == ["total", "notes"]
    assert node.name == "Source" and node.parameters == {"value": 3, "workers": 1}
    assert node.outputs.number == Channel(number, node=node, key="number")


def test_contracts_are_inherited(toys):
    class Wider(toys[0]):
        more = Parameter(float, default=0.5)

    assert list(Wider.declared(Parameter)) == ["value", "workers", "more"]
    assert Wider(value=1, more=2).parameters["more"] == 2.0


@pytest.mark.parametrize(
    ("bindings", "message"),
    [
        ({}, "Source needs a parameter value of type int"),
        ({"value": "3"}, "parameter value must be int. Received: '3', str"),
        ({"value": True}, "parameter value must be int. Received: True, bool"),
        ({"value": 3, "wrokers": 1}, "Source takes value, workers. Received: wrokers"),
    ],
)
def test_parameters_of_another_kind_are_refused(toys, bindings, message):
    with pytest.raises(UsageError) as caught:
        toys[0](**bindings)
    assert message in str(caught.value)


def test_inputs_of_another_type_are_refused(toys):
    _, add, number = toys
    with pytest.raises(UsageError, match="Sum needs an input left of type Number"):
        add()
    with pytest.raises(UsageError, match=r"input left must be Number\. Received: Other"):
        add(left=Channel(OTHER))
    with pytest.raises(UsageError, match=r"input left must be Number\. Received: int"):
        add(left=3)
    assert list(add(left=Channel(number)).channels) == ["left"]


def test_a_component_without_an_executor_is_none():
    class Empty(Component):
        pass

    with pytest.raises(TypeError, match="execute"):
        Empty()


def test_nodes_come_after_those_they_read(toys):
    source, add, _ = toys
    a, b = source(name="a", value=1), source(name="b", value=2)
    first = add(name="first", left=a.outputs.number, right=b.outputs.number)
    last = add(name="last", left=first.outputs.total, right=first.outputs.notes)
    pipeline = Pipeline("sums", (last, first, b, a))
    names = [node.name for node in pipeline.nodes]
    assert names.index("first") > max(names.index("a"), names.index("b")) and names[-1] == "last"
    assert pipeline.parents(last) == [first] and pipeline.parents(first) == [a, b]
    assert set(pipeline.ancestors(last)) == {a, b, first} and pipeline.ancestors(a) == []
    assert [node.name for node in pipeline.ancestors(last)] == names[:3]
    assert sorted((up.name, down.name, kind) for up, down, kind in pipeline.edges()) == [
        ("a", "first", "Number"),
        ("b", "first", "Number"),
        *[("first", "last", "Number")] * 2,
    ]


def test_pipelines_that_are_none(toys):
    source, add, _ = toys
    node = source(value=1)
    with pytest.raises(UsageError, match="two nodes named Source"):
        Pipeline("sums", (node, source(value=2)))
    with pytest.raises(UsageError, match="Sum reads from Source, which is not in sums"):
        Pipeline("sums", (add(left=node.outputs.number),))
