"""Networks as files, by name, fitted to data and built, from friends and from foes."""

import copy
import json
import os
import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.errors import StudioError
from cnnstudio.limits import MAX_PARAMETERS
from cnnstudio.models.architectures.catalogue import ARCHITECTURES
from cnnstudio.models.architectures.transfer import build_transfer, load_backbone
from cnnstudio.models.keras_config.graph import Graph, Node
from cnnstudio.models.layer_table import describe
from cnnstudio.models.networks import building as networks
from cnnstudio.models.networks.building import (
    build_network,
    find_network,
    fitted,
    network_config,
    reference,
)
from cnnstudio.models.networks.editing import add_layer, change_layer, move_layer, remove_layer
from cnnstudio.models.networks.files import (
    FILE_FORMAT,
    MAX_FILE_BYTES,
    SUFFIX,
    Network,
    list_networks,
    networks_folder,
    read_network,
    rename_network,
    save_network,
    saved_names,
    trash_network,
    write_network,
)
from cnnstudio.models.trained.value_ranges import VALUE_RANGES
from cnnstudio.wording import size
from tests.models.sample_networks import sequential

MNIST = (28, 28, 1)


@pytest.fixture
def mine() -> Network:
    """LeNet-5 with a normalisation."""
    return Network("mine", "Mine", add_layer(network_config("lenet5"), "conv1", "BatchNormalization"), "lenet5")


@pytest.fixture
def document(mine, tmp_path):
    """What stands in the file of that network."""
    return json.loads(write_network(mine, tmp_path / "document").path.read_text())


@pytest.fixture
def refusal(tmp_path):
    """Writes a file and returns the sentence with which it is refused."""

    def refuse(content) -> str:
        path = tmp_path / f"theirs{SUFFIX}"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        with pytest.raises(StudioError) as caught:
            read_network(path)
        text = str(caught.value)
        assert str(path) in text
        assert text.endswith(".")
        return text

    return refuse


def weights_of(model):
    return [weight.tobytes() for weight in model.get_weights()]


def test_a_network_comes_back_from_its_file(mine, tmp_path):
    written = write_network(mine, tmp_path / "new folder" / "shared")
    assert written.path == tmp_path / "new folder" / "shared.cnn.json"
    read = read_network(written.path)
    assert (read.name, read.title, read.source, read.path) == ("shared", "Mine", "lenet5", written.path)
    assert describe(read.config) == describe(mine.config)
    assert find_network(str(written.path)) == read
    assert find_network(written.path) == read
    assert read_network(write_network(read, tmp_path / "again.json").path).config == read.config


def test_a_place_that_cannot_be_written(mine, tmp_path):
    (tmp_path / "taken.cnn.json").mkdir()
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "taken", tmp_path / "file" / "network"):
        with pytest.raises(StudioError, match="cannot be written"):
            write_network(mine, path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "taken.cnn.json"]


def test_names_in_the_folder_of_the_user(mine):
    saved = save_network(mine, " My net ")
    assert (saved.name, saved.title) == ("My net", "Mine")
    assert saved.path == networks_folder() / "My net.cnn.json"
    assert [network.name for network in list_networks()] == ["My net"]
    assert find_network("My net") == list_networks()[0]
    assert reference(find_network("My net")) == "My net"
    for taken in ("My net", "my NET", "lenet5", "LeNet5"):
        with pytest.raises(StudioError, match="already"):
            save_network(mine, taken)
    assert save_network(mine, "My net", replacing=True).path == saved.path
    for bad in ("", "..", "../out", "a/b", "a\\b", ".hidden", "con", "x" * 300, "a\0b", "-x"):
        with pytest.raises(StudioError):
            save_network(mine, bad)
    assert list(networks_folder().parent.glob("out*")) == []


def test_rename_and_trash(mine, monkeypatch):
    saved = save_network(mine, "one")
    other = save_network(mine, "two")
    with pytest.raises(StudioError, match="“two” already"):
        rename_network(saved, "two")
    renamed = rename_network(saved, "Zwei neue")
    assert (renamed.name, renamed.title) == ("Zwei neue", "Zwei neue")
    assert not saved.path.exists()
    assert [network.name for network in list_networks()] == ["two", "Zwei neue"]
    assert rename_network(renamed, "ZWEI neue").name == "ZWEI neue"
    assert [network.name for network in list_networks()] == ["two", "ZWEI neue"]

    thrown = []
    monkeypatch.setattr("send2trash.send2trash", lambda path: thrown.append(path) or path.unlink())
    trash_network(other)
    assert thrown == [other.path]
    assert [network.name for network in list_networks()] == ["ZWEI neue"]
    for operation in (trash_network, lambda network: rename_network(network, "three")):
        with pytest.raises(StudioError, match="not among your saved"):
            operation(other)
    with pytest.raises(StudioError, match="not among your saved"):
        trash_network(mine)


@pytest.mark.parametrize("method", ["write_text", "replace", "rename"])
def test_a_name_that_the_disk_refuses_changes_nothing(mine, monkeypatch, method):
    saved = save_network(replace(mine, title=""), "one")
    before = saved.path.read_bytes()

    def refuse(*arguments, **options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, method, refuse)
        with pytest.raises(StudioError, match="“one” cannot be renamed: the disk is full"):
            rename_network(saved, "two")
    assert [path.name for path in networks_folder().iterdir()] == ["one.cnn.json"]
    assert saved.path.read_bytes() == before
    assert rename_network(saved, "two").title == "two"


def test_what_lies_elsewhere_is_not_thrown_away_by_its_name(mine, tmp_path):
    save_network(mine, "one")
    elsewhere = write_network(mine, tmp_path / "one")
    with pytest.raises(StudioError, match="not among your saved"):
        trash_network(read_network(elsewhere.path))
    assert reference(read_network(elsewhere.path)) == str(elsewhere.path)


def test_damaged_files_in_the_folder_hide_no_others(mine):
    save_network(mine, "good")
    (networks_folder() / "bad.cnn.json").write_text("{")
    (networks_folder() / "folder.cnn.json").mkdir()
    assert [network.name for network in list_networks()] == ["good"]
    with pytest.raises(StudioError, match="not valid JSON"):
        find_network("bad")
    with pytest.raises(StudioError, match="already"):
        save_network(mine, "bad")


def test_names_that_nobody_knows(mine):
    save_network(mine, "mynet")
    with pytest.raises(StudioError, match=r"no architecture “lenet”. Did you mean “lenet5”.* or give"):
        find_network("lenet")
    with pytest.raises(StudioError, match="Did you mean “mynet”"):
        find_network("mynett")
    with pytest.raises(StudioError, match="there is no such file"):
        find_network("nowhere/my.cnn.json")
    for text in ("", " ", "../..", "a\0b", "x" * 5000):
        with pytest.raises(StudioError):
            find_network(text)
    assert find_network("lenet5") is ARCHITECTURES["lenet5"]
    assert reference(ARCHITECTURES["lenet5"]) == "lenet5"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"model"', b"{}", b"[" * 100_000])
def test_files_that_are_no_network(refusal, content):
    assert "architecture" in refusal(content)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": FILE_FORMAT + 1}, "newer CNN Studio (format 2, this one reads 1). Update CNN Studio"),
        ({"format": 0}, "“format” must be a whole number above 0"),
        ({"format": "1"}, "“format” must be"),
        ({"format": True}, "“format” must be"),
        ({"format": None}, "“format” must be"),
        ({"title": 7}, "“title” must be a text"),
        ({"title": "x" * 1000}, "“title” must be a text"),
        ({"title": "a\nb"}, "“title” must be a text"),
        ({"title": "<img src='/etc/passwd'>"}, "“title” must be a text"),
        ({"source": ["lenet5"]}, "“source” must be a text"),
        ({"model": None}, "not a Functional or Sequential model"),
        ({"model": {"class_name": "Lambda", "module": "keras.layers", "config": {}}}, "“Lambda”"),
        ({"model": {"class_name": "Functional", "module": "os", "config": {}}}, "not a Functional"),
        ({"model": {"class_name": "Functional", "module": "keras", "config": {"name": "x"}}}, "no list of layers"),
    ],
)
def test_fields_that_are_wrong(refusal, document, changes, words):
    assert words in refusal(document | changes)


def test_an_unknown_source_is_forgotten(document, tmp_path):
    path = tmp_path / "x.cnn.json"
    path.write_text(json.dumps(document | {"source": "gone", "note": "unknown fields are ignored", "title": ""}))
    network = read_network(path)
    assert (network.source, network.title) == ("", "x")


def layer(document, name):
    return next(entry for entry in document["model"]["config"]["layers"] if entry["name"] == name)


def feed(document, name, *sources):
    tensor = layer(document, name)["inbound_nodes"][0]["args"][0]
    tensors = [copy.deepcopy(tensor) for _ in sources]
    for one, source in zip(tensors, sources, strict=True):
        one["config"]["keras_history"] = [source, 0, 0]
    layer(document, name)["inbound_nodes"][0]["args"] = tensors if len(tensors) == 1 else [tensors]


def _circle(document):
    feed(document, "conv2", "dense1")


def _missing(document):
    feed(document, "conv2", "conv9")


def _itself(document):
    feed(document, "conv2", "conv2")


def _orphan(document):
    layer(document, "conv2")["inbound_nodes"] = []


def _second_input(document):
    document["model"]["config"]["layers"].append(copy.deepcopy(layer(document, "image")) | {"name": "image2"})
    document["model"]["config"]["layers"][-1]["config"]["name"] = "image2"


def _two_outputs(document):
    document["model"]["config"]["output_layers"] = [["output", 0, 0], ["dense2", 0, 0]]


def _no_output(document):
    document["model"]["config"]["output_layers"] = []


def _absent_output(document):
    document["model"]["config"]["output_layers"] = ["nothing", 0, 0]


def _double(document):
    document["model"]["config"]["layers"].append(copy.deepcopy(layer(document, "conv2")))


def _alias(document):
    layer(document, "conv2")["config"]["name"] = "conv1"


def _path_name(document):
    layer(document, "conv2")["config"]["name"] = layer(document, "conv2")["name"] = "../../conv2"


def _no_history(document):
    layer(document, "conv2")["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = None


def _nested_history(document):
    layer(document, "conv2")["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = [["a"], 0, 0]


def _other_output(document):
    layer(document, "conv2")["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["pool1", 0, 1]


def _lambda(document):
    layer(document, "conv2")["class_name"] = "Lambda"


def _code(document):
    layer(document, "conv2")["config"]["activation"] = {"class_name": "function", "config": "os.system"}


def _foreign(document):
    layer(document, "conv2")["registered_name"] = "evil>Conv2D"


def _huge(document):
    layer(document, "conv2")["config"]["filters"] = 10**300


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_circle, "go round in a circle"),
        (_missing, "fed by “conv9”, which is not there"),
        (_itself, "go round in a circle"),
        (_orphan, "must be computed from its one input"),
        (_second_input, "exactly one input"),
        (_two_outputs, "exactly one input and one output"),
        (_no_output, "exactly one input and one output"),
        (_absent_output, "the layer “nothing”, which is not there"),
        (_double, "two of its layers are called “conv2”"),
        (_alias, "a second name, “conv1”"),
        (_path_name, "has no name, or one that is not allowed"),
        (_no_history, "cannot be read"),
        (_nested_history, "cannot be read"),
        (_other_output, "“pool1” has no output number 2"),
        (_lambda, "“Lambda”, which is not on the list"),
        (_code, "“function”, which is not on the list"),
        (_foreign, "second name"),
        (_huge, "beyond what an image network needs"),
    ],
)
def test_configs_that_are_damaged_or_hostile(refusal, document, damage, words):
    damage(document)
    assert words in refusal(document)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" * 5000])
def test_numbers_that_are_none(refusal, document, number):
    text = json.dumps(document).replace('"scale": 0.00392156862745098', f'"scale": {number}')
    assert text != json.dumps(document)
    refusal(text.encode())


def test_files_that_would_fill_the_memory(refusal, document, tmp_path):
    assert "larger than" in refusal(b" " * (MAX_FILE_BYTES + 1))
    nested = copy.deepcopy(document["model"])
    document["model"]["config"]["layers"] *= 300
    assert "over 2,000 layers" in refusal(document)
    for _ in range(50):
        nested = nested | {"config": nested["config"] | {"layers": [nested]}}
    assert "nested" in refusal({"format": 1, "model": nested})
    with pytest.raises(StudioError, match="is not a file"):
        read_network(Path("/dev/zero"))
    os.mkfifo(tmp_path / "pipe.cnn.json")
    with pytest.raises(StudioError, match="is not a file"):
        read_network(tmp_path / "pipe.cnn.json")
    with pytest.raises(StudioError, match="there is no model in it"):
        find_network(tmp_path)


def _damage(value, chance):
    """The same JSON with one random value replaced, removed or doubled."""
    spots = []

    def walk(item):
        for key in item if isinstance(item, dict) else range(len(item)):
            spots.append((item, key))
            if isinstance(item[key], dict | list):
                walk(item[key])

    value = copy.deepcopy(value)
    walk(value)
    parent, key = chance.choice(spots)
    junk = [None, -1, 0, 3, 10**9, 0.5, "", "same", "conv1", [], {}, [None], [[]], {"a": 1}, True, [1, 2, 3, 4]]
    if chance.random() < 0.2:
        del parent[key]
    else:
        parent[key] = copy.deepcopy(chance.choice([*junk, chance.choice(spots)[0]]))
    return value


@pytest.mark.parametrize("seed", range(2))
def test_no_damage_ends_in_anything_but_a_sentence(document, tmp_path, seed):
    chance = random.Random(seed)
    path = tmp_path / "damaged.cnn.json"
    opened = built = 0
    for _ in range(60):
        path.write_text(json.dumps(_damage(document, chance)))
        try:
            network = read_network(path)
            opened += 1
            describe(network.config)
            build_network(network, (12, 12, 1), 3, seed=0)
            built += 1
        except StudioError as error:
            assert str(error).endswith(".")
    assert 0 < built < opened < 60


def test_the_config_of_an_architecture_is_that_of_its_paper_and_built_once(monkeypatch):
    first = network_config("lenet5")
    table = describe(first)
    assert (table.input_shape, table.classes, table.parameters) == (MNIST, 10, 61_706)
    with monkeypatch.context() as patch:
        patch.setitem(ARCHITECTURES, "lenet5", replace(ARCHITECTURES["lenet5"], build=pytest.fail))
        second = network_config("lenet5")
    assert first == second
    first["config"]["layers"].clear()
    assert network_config("lenet5") == second
    assert describe(network_config("lenet5", (40, 30, 3), 7)).input_shape == (40, 30, 3)
    assert describe(network_config("lenet5", None, 7)).classes == 7
    with pytest.raises(StudioError, match="too small for LeNet-5"):
        network_config("lenet5", (5, 5, 1), 10)


def test_no_memory_is_taken_for_a_config():
    """These weights would fill 314 GB."""
    config = network_config("softmax", (512, 512, 3), 100_000)
    assert describe(config).parameters == (512 * 512 * 3 + 1) * 100_000


def test_an_edited_network_is_fitted(mine):
    config = network_config(mine, (32, 32, 3), 5)
    table = describe(config)
    assert (table.input_shape, table.classes) == ((32, 32, 3), 5)
    assert network_config(mine) == mine.config
    assert describe(network_config(mine, classes=4)).input_shape == MNIST
    assert describe(network_config(mine, (20, 20, 1))).classes == 10
    with pytest.raises(StudioError, match="“conv2” has a kernel of 5×5, larger than"):
        network_config(mine, (8, 8, 1))
    with pytest.raises(StudioError, match="at least 2 classes"):
        fitted(mine.config, MNIST, 1)
    with pytest.raises(StudioError):
        fitted(mine.config, (0, 28, 1), 10)
    with pytest.raises(StudioError, match="Flatten"):
        fitted(remove_layer(mine.config, "flatten"), MNIST, 10)


def test_the_same_seed_gives_the_same_weights_as_the_architecture(mine, tmp_path):
    named = build_network("lenet5", MNIST, 10, seed=4)
    assert weights_of(build_network("lenet5", MNIST, 10, seed=4)) == weights_of(named)
    assert weights_of(build_network("lenet5", MNIST, 10, seed=5)) != weights_of(named)
    unedited = write_network(Network("same", "Same", network_config("lenet5", MNIST, 3)), tmp_path / "same")
    assert weights_of(build_network(unedited.path, MNIST, 10, seed=4)) == weights_of(named)
    state = random.getstate()
    model = build_network(mine, MNIST, 10, seed=4)
    assert random.getstate() == state
    assert model.count_params() == describe(mine.config).parameters
    assert np.asarray(model(np.zeros((2, *MNIST), "float32"))).sum(axis=1) == pytest.approx([1, 1])


def test_a_seed_also_decides_what_a_dropout_leaves_out():
    config = add_layer(network_config("lenet5"), "dense1", "Dropout", rate=0.5)
    image = np.ones((1, *MNIST), "float32")
    answers = [
        np.asarray(build_network(Network("n", "n", config), MNIST, 10, seed)(image, training=True)).tobytes()
        for seed in (1, 1, 2)
    ]
    assert answers[0] == answers[1] != answers[2]


def test_a_billion_parameters_are_refused_before_they_take_memory(mine):
    config = change_layer(mine.config, "dense1", units=1_000_000)
    config = change_layer(config, "dense2", units=1_000)
    table = describe(config)
    assert table.parameters > 10**9 > MAX_PARAMETERS
    with pytest.raises(StudioError) as caught:
        build_network(Network("large", "Large", config), MNIST, 10, seed=0)
    text = str(caught.value)
    assert f"{table.parameters:,} parameters, 1,000,001,000 of them in “dense2”" in text
    assert f"{size(16 * table.parameters)} of memory for weights, gradients and the optimizer" in text
    with pytest.raises(StudioError, match=r"1\.3 TB of memory"):
        build_network("softmax", (512, 512, 3), 100_000, seed=0)
    assert build_network(mine, MNIST, 10, seed=0).count_params() < 10**5


def test_layers_that_answer_with_too_much_are_refused():
    config = change_layer(network_config("lenet5"), "conv1", filters=128)
    for _ in range(2):
        config = add_layer(config, "conv1", "UpSampling2D", size=8)
    config = add_layer(config, "pool1", "GlobalAveragePooling2D")
    for name in ("conv2", "pool2", "flatten"):
        config = remove_layer(config, name)
    assert describe(config).misfit is None
    with pytest.raises(StudioError, match=r"have .* outputs for one image, which take .* GB"):
        build_network(Network("wide", "Wide", config), MNIST, 10, seed=0)


def test_networks_that_give_no_probabilities(mine):
    import keras
    from keras import layers

    def network(*tail):
        x = image = keras.Input(MNIST, name="image")
        for made in tail:
            x = made(x)
        return Network("n", "n", keras.saving.serialize_keras_object(keras.Model(image, x)))

    with pytest.raises(StudioError, match="ends in a sigmoid for each class"):
        build_network(network(layers.Flatten(), layers.Dense(10, "sigmoid")), MNIST, 10, seed=0)
    with pytest.raises(StudioError, match="no layer with one output for each class"):
        build_network(network(layers.Flatten()), MNIST, 10, seed=0)
    with pytest.raises(StudioError, match="7,290 outputs instead of one"):
        tail = (layers.Conv2D(4, 2, activation="softmax"), layers.Flatten())
        build_network(network(*tail), MNIST, 10, seed=0)
    tail = (layers.Conv2D(4, 2), layers.GlobalAveragePooling2D(), layers.Softmax())
    assert build_network(network(*tail), MNIST, 10, seed=0).output_shape == (None, 10)
    logits = build_network(network(layers.Flatten(), layers.Dense(10)), MNIST, 10, seed=0)
    np.testing.assert_allclose(logits(np.ones((2, *MNIST))).numpy().sum(axis=1), 1, atol=1e-6)
    assert [type(layer).__name__ for layer in logits.layers][-2:] == ["Dense", "Softmax"]


def test_a_network_that_takes_blue_first_can_be_trained():
    image = Graph.of(network_config("softmax", (8, 8, 3), 4))
    (swap,) = VALUE_RANGES["0-255-bgr"].layers("range")
    image.reconnect(image.input, "range_blue_first")
    image.add(Node("range_blue_first", swap, (image.input,)))
    model = build_network(Network("theirs", "Theirs", image.to_config()), (8, 8, 3), 4, seed=0)
    red = np.zeros((1, 8, 8, 3), np.float32)
    red[..., 0] = 1
    np.testing.assert_array_equal(model.get_layer("range_blue_first")(red), red[..., ::-1])


def test_frozen_layers_need_weights_from_somewhere(mine):
    config = change_layer(mine.config, "conv2", trainable=False)
    with pytest.raises(StudioError, match="“conv2” is frozen, but there are no weights"):
        build_network(Network("n", "n", config, "lenet5"), MNIST, 10, seed=0)


def test_an_edited_transfer_starts_from_the_weights_of_its_backbone(monkeypatch, tmp_path):
    import keras
    from keras import layers

    def backbone(x):
        x = layers.Conv2D(4, 3, strides=2, use_bias=False, name="conv")(x)
        return layers.BatchNormalization(name="norm")(x)

    image = keras.Input((12, 12, 3), name="image")
    trained = keras.Model(image, layers.Dense(7, name="output")(layers.GlobalMaxPooling2D(name="max")(backbone(image))))
    trained.get_layer("norm").moving_variance.assign([2.0, 3.0, 4.0, 5.0])
    trained.save(tmp_path / "trained.keras")
    entry = replace(
        ARCHITECTURES["transfer-efficientnet-lite0"],
        name="transfer-small",
        build=partial(build_transfer, features=backbone, name="transfer-small"),
        load_weights=partial(load_backbone, find=lambda: tmp_path / "trained.keras"),
    )
    monkeypatch.setitem(ARCHITECTURES, entry.name, entry)
    config = add_layer(network_config(entry.name, (128, 128, 3), 5), "average", "Dense", units=8)
    model = build_network(Network("mine", "Mine", config, entry.name), (128, 128, 3), 5, seed=1)
    for name in ("conv", "norm"):
        assert not model.get_layer(name).trainable
        for one, other in zip(model.get_layer(name).weights, trained.get_layer(name).weights, strict=True):
            np.testing.assert_array_equal(one.value, other.value)
    assert model.get_layer("dense1").trainable


def test_a_trained_model_is_a_network_too(mine, tmp_path):
    from cnnstudio.models.trained.card import Card
    from cnnstudio.models.trained.classifier import Classifier
    from cnnstudio.models.trained.files import embed_card

    card = Card("run", tuple("0123456789"), MNIST, "digit", architecture="mine")
    Classifier(build_network(mine, MNIST, 10, seed=0), card).save(tmp_path / "run")
    for text in (tmp_path / "run", tmp_path / "run" / "model.keras"):
        network = find_network(text)
        assert (network.name, network.source) == ("run", "lenet5")
        assert describe(network.config).rows == describe(mine.config).rows
        assert find_network(reference(network)) == network
    embed_card(tmp_path / "run" / "model.keras", card, tmp_path / "alone.keras")
    assert (find_network(tmp_path / "alone.keras").name, find_network(tmp_path / "alone.keras").source) == (
        "alone",
        "lenet5",
    )
    (tmp_path / "broken.keras").write_bytes(b"PK")
    with pytest.raises(StudioError, match=r"broken.keras is not opened"):
        find_network(tmp_path / "broken.keras")


def test_the_order_of_layers_in_a_file_is_their_order_in_the_graph(document, tmp_path, mine):
    document["model"]["config"]["layers"].reverse()
    path = tmp_path / "reversed.cnn.json"
    path.write_text(json.dumps(document))
    assert list(Graph.of(read_network(path).config).nodes) == list(Graph.of(mine.config).nodes)


def test_networks_are_built_one_after_the_other(mine):
    """Two threads that build at once do not disturb each other's seeds."""
    from concurrent.futures import ThreadPoolExecutor

    alone = weights_of(build_network(mine, MNIST, 10, seed=1))
    networks._named_config.cache_clear()
    with ThreadPoolExecutor(4) as threads:
        others = [threads.submit(network_config, name) for name in ("vgg11", "plain20", "resnet20")]
        built = [threads.submit(build_network, mine, MNIST, 10, seed) for seed in (1, 2, 1)]
        assert [weights_of(future.result()) == alone for future in built] == [True, False, True]
        assert all(future.result() for future in others)


def test_moves_keep_what_was_trained_apart(mine):
    """An edit makes a new network, the saved one stays."""
    saved = save_network(mine, "kept")
    move_layer(saved.config, "norm1", -1)
    assert read_network(saved.path).config == saved.config


def test_a_normalisation_of_a_billion_numbers_is_refused_before_it_is_built():
    config = sequential(
        (32, 32, 1),
        ("UpSampling2D", {"size": [100, 100]}),
        ("Conv2D", {"filters": 100, "kernel_size": [1, 1]}),
        ("Normalization", {"axis": [1, 2, 3], "mean": 0.0, "variance": 1.0}),
        ("GlobalAveragePooling2D", {}),
        ("Dense", {"units": 10, "activation": "softmax"}),
    )
    with pytest.raises(StudioError, match="would normalise 1,024,000,000 numbers"):
        build_network(Network("huge", "Huge", config), (32, 32, 1), 10, seed=0)


def test_a_folder_of_networks_that_cannot_be_read_is_told():
    folder = networks_folder()
    folder.parent.mkdir(parents=True)
    folder.symlink_to(folder)  # a link that leads to itself
    with pytest.raises(StudioError, match="cannot be read from"):
        find_network("mine")
    assert find_network("lenet5").name == "lenet5"
    assert list_networks() == []
    assert saved_names() == []
