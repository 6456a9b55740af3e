import keras
import pytest

from tfdogs.models import NAMES, build
from tfdogs.models.named_weights import Part, named_weights, numbered


@pytest.mark.parametrize("name", NAMES)
def test_names_are_the_same_in_a_frozen_network(name):
    networks = [
        build(name, image_size=28, latent_dim=6, num_classes=2, g_channels=2, d_channels=2, freeze_d=count)
        for count in (0, 1)
    ]
    for free, frozen in zip(*networks):
        first, second = named_weights(free), named_weights(frozen)
        assert {n: w.variable.shape for n, w in first.items()} == {
            n: w.variable.shape for n, w in second.items()
        }
        for weight in first.values():
            if weight.axis is not None:
                assert len(weight.labels) == weight.variable.shape[weight.axis]
    assert len(named_weights(networks[0][0])) == len(networks[0][0].weights)


def test_strangers_weights_are_numbered():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1, use_bias=False)]
    )
    found = named_weights(model)
    assert {name: weight.part for name, weight in found.items()} == {
        "0": "kernel",
        "1": "bias",
        "2": "kernel",
    }


def test_rows_and_a_variable_as_a_part():
    dense = keras.layers.Dense(2)
    dense.build((None, 3))

    class Network(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = dense
            self.scale = self.add_weight("scale", ())

        def parts(self):
            return [
                Part("first", self.dense, rows={"kernel": (0, numbered("latent", 3))}),
                Part("gain", self.scale),
            ]

    found = named_weights(Network())
    assert list(found) == ["first/kernel", "first/bias", "gain/scale"]
    assert found["first/kernel"].labels == (("latent", 0), ("latent", 1), ("latent", 2))
    assert found["first/bias"].axis is None


def test_a_sequential_as_a_part_is_numbered():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.ReLU()])
    inner.add(keras.layers.Dense(1, use_bias=False))

    class Network(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = inner

        def parts(self):
            return [Part("stack", self.inner)]

    assert list(named_weights(Network())) == [
        "stack/layer1/kernel",
        "stack/layer1/bias",
        "stack/layer2/kernel",
    ]


@pytest.mark.parametrize("name", ["dcgan", "r3gan"])
@pytest.mark.parametrize(
    ("size", "gates", "decoders"),
    [
        (64, {"gate4to32"}, {"decoder16to32", "decoder8to32"}),
        (112, {"gate7to56"}, {"decoder14to56", "decoder7to56"}),
        (128, {"gate4to32", "gate8to64"}, {"decoder16to64", "decoder8to64"}),
    ],
)
def test_fastgans_layers_are_named_by_their_maps_and_others_as_without(name, size, gates, decoders):
    more = {"patch": 2, "blocks": 1, "group_width": 0} if name == "r3gan" else {}
    plain, fastgan = (
        [
            set(named_weights(network))
            for network in build(
                name,
                image_size=size,
                g_channels=1,
                d_channels=1,
                skip_excitation=on,
                reconstruction=on,
                **more,
            )
        ]
        for on in (False, True)
    )
    for without, found, added in zip(plain, fastgan, (gates, decoders)):
        assert without < found
        assert {weight.split("/")[0] for weight in found - without} == added


def test_a_weight_that_is_in_no_part():
    class Network(keras.Sequential):
        def parts(self):
            return [Part("first", self.layers[0])]

    network = Network([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    with pytest.raises(
        ValueError, match=r"each of its weights once. Received: 4 weights, 2 in parts, 2 names"
    ):
        named_weights(network)
