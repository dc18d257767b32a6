"""Reading networks within networks: one graph of layers, whatever the config says, or a sentence."""

import json
from typing import Any

import pytest

from cnnstudio.errors import StudioError
from cnnstudio.models.keras_config.allowlist import RefusedError, checked_config
from cnnstudio.models.keras_config.graph import Graph, tensor
from cnnstudio.models.keras_config.legacy import modern_config
from cnnstudio.models.layer_table import describe

Config = dict[str, Any]


def layer(kind: str, name: str, *sources: list, **values: Any) -> Config:
    """An entry of a config, called once for each of `sources`, lists of [name, call, output]."""
    nodes = [{"args": [tensor(place) for place in called], "kwargs": {}} for called in sources]
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, **values},
        "registered_name": None,
        "name": name,
        "inbound_nodes": nodes,
    }


def image(name: str = "image") -> Config:
    return layer("InputLayer", name, batch_shape=[None, 8, 8, 1])


def model(kind: str, name: str, layers: list[Config], *sources: list, **fields: Any) -> Config:
    module = "keras.src.models.functional" if kind == "Functional" else "keras"
    return layer(kind, name, *sources, layers=layers, **fields) | {"module": module}


def functional(name: str, layers: list[Config], output: list, *sources: list, start: str = "image") -> Config:
    ends = {"input_layers": [start, 0, 0], "output_layers": output}
    return model("Functional", name, layers, *sources, **ends)


def read(config: Config) -> Graph:
    return Graph.of(checked_config(json.dumps(config).encode()))


def names(config: Config) -> list[str]:
    return list(read(config).nodes)


def test_chains_of_chains_are_one_chain():
    inmost = model("Sequential", "one", [layer("ReLU", "relu")])
    outer = model("Sequential", "one", [inmost, layer("Flatten", "relu")])
    graph = read(model("Sequential", "all", [image(), outer, layer("Dense", "relu", units=2)]))
    assert list(graph.nodes) == ["image", "one.one.relu", "one.relu", "relu"]
    assert graph.nodes["one.one.relu"].path == ("one", "one", "relu")
    assert describe(graph.to_config()).misfit is None


def test_what_is_around_a_network_holds_for_its_layers():
    inner = model("Sequential", "base", [layer("BatchNormalization", "norm")], [["image", 0, 0]], trainable=False)
    inner["inbound_nodes"][0]["kwargs"] = {"training": False}
    node = read(functional("all", [image(), inner], ["base", 0, 0])).nodes["base.norm"]
    assert node.trainable is False
    assert node.options == {"training": False}


def test_a_network_used_twice_is_there_twice():
    def twice(kind: str, **values: Any) -> Config:
        inner = model("Sequential", "inner", [layer(kind, "it", **values)], [["image", 0, 0]], [["inner", 0, 0]])
        return functional("all", [image(), inner], ["inner", 1, 0])

    assert names(twice("ReLU")) == ["image", "inner.it", "inner.it_2"]
    assert names(twice("Conv2D", filters=1, kernel_size=1)) == ["image", "inner.it", "inner.it_used_again"]


@pytest.mark.parametrize("first", [0, 1])
def test_calls_are_counted_from_0_or_1(first):
    """By the version of Keras, the making of a model is a call of its own."""
    start, end = image("in"), layer("ReLU", "end", [["in", 0, 0]])
    inner = functional("inner", [start, end], ["end", 0, 0], [["image", 0, 0]], [["relu", 0, 0]], start="in")
    layers = [image(), inner, layer("ReLU", "relu", [["inner", first, 0]])]
    layers.append(layer("Add", "add", [["inner", first, 0], ["inner", first + 1, 0]]))
    graph = read(functional("all", layers, ["add", 0, 0]))
    assert graph.nodes["add"].inputs == ("inner.end", "inner.end_2")
    assert graph.nodes["inner.end_2"].inputs == ("relu",)


def test_names_stay_apart():
    inner = model("Sequential", "base", [layer("ReLU", "a b"), layer("ReLU", "a_b")])
    chain = [image(), inner, layer("ReLU", "base.a_b"), layer("ReLU", "x" * 150), layer("ReLU", "x" * 151)]
    found = names(model("Sequential", "all", chain))
    assert len(set(found)) == 6
    assert found[:4] == ["image", "base.a_b", "base.a_b_2", "base.a_b_3"]
    assert max(map(len, found)) <= 100


def test_the_shape_of_a_chain_may_stand_in_its_first_network():
    inner = model("Sequential", "inner", [image("within"), layer("ReLU", "relu")])
    graph = read(model("Sequential", "all", [inner]))
    assert graph.nodes[graph.input].config["batch_shape"] == [None, 8, 8, 1]


def nested(depth: int, inmost: list[Config]) -> Config:
    config = model("Sequential", "deep", inmost)
    for _ in range(depth):
        config = model("Sequential", "deep", [config])
    return config


@pytest.mark.parametrize("depth", [0, 1, 3, 7])
def test_the_list_of_layers_holds_at_every_depth(depth):
    hostile = layer("Lambda", "evil", function={"class_name": "__lambda__", "config": {"code": ""}})
    for text in (json.dumps(nested(depth, [image(), hostile])), modern_config(json.dumps(nested(depth, [hostile])))):
        with pytest.raises(RefusedError, match="contains “Lambda”, which is not on the list of layers"):
            checked_config(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("depth", [9, 50, 90])
def test_networks_nested_too_deep_are_refused(depth):
    config = json.dumps(nested(depth, [image(), layer("ReLU", "relu")]))
    for text in (config.encode(), modern_config(config)):
        with pytest.raises(RefusedError, match="nested over 8 deep"):
            checked_config(text)


@pytest.mark.parametrize("inmost", [[], [layer("ReLU", "relu")]])
def test_a_network_that_doubles_at_every_depth_is_refused(inmost):
    """Two hundred layers in the file, many millions when unfolded."""
    config = model("Sequential", "deep", inmost)
    for _ in range(7):
        calls = [[["image", 0, 0]], *([["deep", number, 0]] for number in range(24))]
        config = functional(
            "deep", [image(), config | {"inbound_nodes": layer("", "", *calls)["inbound_nodes"]}], ["deep", 24, 0]
        )
    with pytest.raises(StudioError, match="With its inner networks unfolded, this network has over 2,000 layers"):
        read(config)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (["inner", 0, 1], "“inner” has no output number 2"),
        (["inner", 0, -5], "cannot be read"),
        (["inner.relu", 0, 0], "fed by “inner.relu”, which is not there"),
        (["end", 0, 0], "go round in a circle"),
        (["inner", "x", 0], "cannot be read"),
        (["inner"], "cannot be read"),
    ],
)
def test_connections_that_make_no_sense_are_refused(place, words):
    inner = model("Sequential", "inner", [layer("ReLU", "relu")], [["image", 0, 0]])
    with pytest.raises(StudioError, match=words):
        read(functional("all", [image(), inner, layer("ReLU", "end", [place])], ["end", 0, 0]))


def call(function: str, values: Any, source: Any = ("image", 0, 0)) -> Config:
    """A call of a function of TensorFlow as Keras 2 keeps it, in a network that ends with it."""
    config = {"name": "it", "function": function}
    entry = {"class_name": "TFOpLambda", "config": config, "name": "it", "inbound_nodes": [[*source, values]]}
    return functional("all", [image(), entry], ["it", 0, 0])


@pytest.mark.parametrize(
    ("function", "values", "kind", "fields"),
    [
        ("math.truediv", {"y": 4.0}, "Rescaling", {"scale": 0.25, "offset": 0.0}),
        ("__operators__.add", {"y": 3}, "Rescaling", {"scale": 1.0, "offset": 3.0}),
        ("nn.bias_add", {"bias": [-1.5]}, "Rescaling", {"scale": 1.0, "offset": -1.5}),
        ("image.resize", {"size": [4, 6]}, "Resizing", {"height": 4, "width": 6, "interpolation": "bilinear"}),
        ("nn.leaky_relu", {}, "LeakyReLU", {"negative_slope": 0.2}),
        ("math.reduce_mean", {"axis": [1, 2]}, "GlobalAveragePooling2D", {"keepdims": False}),
        ("cast", {"dtype": "float32"}, "Identity", {}),
        ("expand_dims", {"axis": 1}, "Reshape", {"target_shape": [1, 8, 8, 1]}),
        ("expand_dims", {"axis": -1}, "Reshape", {"target_shape": [8, 8, 1, 1]}),
        ("pad", {"paddings": [[0, 0], [1, 2], [3, 4], [0, 0]]}, "ZeroPadding2D", {"padding": [[1, 2], [3, 4]]}),
        ("nn.max_pool2d", {"ksize": [1, 3, 3, 1], "strides": 2}, "MaxPooling2D", {"pool_size": [3, 3], "strides": 2}),
        ("nn.local_response_normalization", {"depth_radius": 2}, "LocalResponseNormalization", {"size": 5, "k": 1.0}),
        ("math.l2_normalize", {"axis": 1}, "UnitNormalization", {"axis": 1}),
        ("clip_by_value", {"clip_value_min": 0, "clip_value_max": 6}, "ReLU", {"max_value": 6.0}),
        ("nn.relu6", {"name": None}, "Activation", {"activation": "relu6"}),
        ("image.grayscale_to_rgb", {}, "Conv2D", {"filters": 3, "use_bias": False, "trainable": False}),
    ],
)
def test_calls_of_tensorflow_become_layers(function, values, kind, fields):
    node = Graph.of(checked_config(modern_config(json.dumps(call(function, values))))).nodes["it"]
    assert node.kind == kind
    assert fields.items() <= node.config.items()
    assert node.path == ()


@pytest.mark.parametrize(
    ("function", "values"),
    [
        ("io.read_file", {}),
        ("py_function", {"func": "os.system"}),
        ("image.resize", {"size": [4, 6], "preserve_aspect_ratio": True}),
        ("cast", {"dtype": "uint8"}),
        ("math.reduce_mean", {}),
        ("math.square", {}),
        ("split", {"num_or_size_splits": 2, "axis": -1}),
        ("nn.dropout", {"rate": 0.5}),
        ("nn.max_pool2d", {"ksize": 2, "strides": 2, "padding": [[0, 0], [1, 1], [1, 1], [0, 0]]}),
        ("pad", {"paddings": [[0, 0], [1, 2], [3, 4], [0, 0]], "mode": "REFLECT"}),
        ("expand_dims", {"axis": 0}),
        ("expand_dims", {"axis": "x"}),
        ("squeeze", {}),
        ("repeat", {"repeats": 10**9, "axis": -1}),
        ("math.truediv", {"y": 0}),
        ("math.truediv", {}),
        ("reshape", {"shape": 7}),
        ("nn.bias_add", {"bias": {"class_name": "__lambda__"}}),
        ("concat", []),
    ],
)
def test_other_calls_are_refused_by_their_names(function, values):
    with pytest.raises(RefusedError, match=r"it computes with “|cannot be read"):
        checked_config(modern_config(json.dumps(call(function, values))))


def test_the_layer_that_does_as_a_function_is_named():
    with pytest.raises(RefusedError, match=r"“tf.nn.dropout” between its layers, .*; put Keras's layer Dropout in its"):
        checked_config(modern_config(json.dumps(call("nn.dropout", {"rate": 0.5}))))


def test_values_nested_without_end_are_refused():
    value: Any = 3
    for _ in range(300):
        value = [value]
    with pytest.raises(RefusedError, match="lists within lists, over 8 deep"):
        checked_config(
            json.dumps(
                functional("all", [image(), layer("ReLU", "it", [["image", 0, 0]], max_value=value)], ["it", 0, 0])
            ).encode()
        )
