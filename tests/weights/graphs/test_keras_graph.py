"""Models of Keras, from files written here: what Keras itself says of them stands in keras_fixtures.json."""

import json
import re
import zipfile

import numpy as np
import pytest

from minicnn import Tensor, backward, find
from minicnn.places import maps_in
from tests.weights.graphs.keras_fixtures import direction, picture, read, told, write
from weights import WeightsError
from weights.described import open_model
from weights.graphs.keras import describe, load

pytest.importorskip("h5py", reason="the extra 'keras' is not installed")
MADE = read()
FILES = [(name, ending) for name, made in MADE.items() for ending in (".keras", ".h5") if ending in made]


@pytest.fixture
def opened(tmp_path):
    return lambda name, ending=".h5": load(write(MADE[name], ending, tmp_path / f"model{ending}"))


def in_keras(a):
    """(N, C, H, W) as Keras has it."""
    return np.moveaxis(a, 1, -1)


@pytest.mark.parametrize(("name", "ending"), FILES)
def test_scores_and_gradients_are_those_of_keras(opened, name, ending):
    made, net = MADE[name], opened(name, ending)
    close = 1e-10 if made["keras"] >= "3" else 1e-7  # TensorFlow's double precision has parts of single
    x = Tensor(picture(made["shape"], made["white"]), "x")
    found = dict(zip(net.outputs, net.run({net.picture: x}, net.outputs)))
    for output, expected in made["scores"].items():
        y = found[output or net.outputs[0]].data
        y = in_keras(y) if name.startswith("u_net") else y
        assert np.abs(np.subtract(told(y), expected)).max() <= close * max(1, np.abs(expected).max())
    output, expected = made["gradient"]
    y = found[output or net.outputs[0]]
    shape = in_keras(y.data).shape if name.startswith("u_net") else y.shape
    w = direction(9, shape)
    g = backward(y, np.moveaxis(w, -1, 1) if name.startswith("u_net") else w, wrt=x)
    assert np.abs(np.subtract(told(g, few=0), expected)).max() <= 10 * close * np.abs(expected).max()


def changed(name, tmp_path, change, ending=".h5"):
    """The file of a model whose configuration `change` has changed."""
    made = json.loads(json.dumps(MADE[name]))
    change(made[ending]["config"]["config"])
    return write(made, ending, tmp_path / f"changed{ending}")


def layer(config, kind):
    return next(at for at in config["layers"] if at["class_name"] == kind)


@pytest.mark.parametrize("name", ["branches, Keras 3", "transfer, Keras 3", "odd_sizes, Keras 3"])
def test_maps_are_spatial_and_grad_cam_finds_the_last(opened, name):
    net = describe(opened(name), name)
    y = net(x := Tensor(np.zeros(net.description.example, np.float32), "x"))
    A = find(y, net.card.layer)
    assert net.description.layout == "NHWC" and maps_in(y, x)[A].plain
    assert A.shape[2:] == {"bran": (16, 15), "tran": (10, 10), "odd_": (5, 6)}[name[:4]]


def test_layers_have_keras_names_also_inside_of_others(opened):
    net = describe(opened("transfer, Keras 3"), "transfer")
    assert net.card.layer == "base/activation" and net.description.kind == "yes or no"
    assert {"rescaling", "base/conv2d", "base/re_lu"} <= {step.name for step in net.steps}
    shared = {step.name for step in opened("shared, Keras 3").steps}
    assert {"half/conv2d", "half/conv2d:1"} <= shared


def test_a_shared_layer_has_its_weights_once(opened):
    net = opened("shared, Keras 3")
    first, second = (node for node in net.nodes if node.step.op == "Conv")
    assert np.shares_memory(first.W.data, second.W.data)


def test_how_photos_are_prepared_is_told_by_the_model_or_said_to_be_assumed(tmp_path):
    scales = open_model(write(MADE["transfer, Keras 3"], ".keras", tmp_path / "a.keras"))
    assert scales.card.preprocessing.scale == 255 and scales.known.found["pixels"][1].startswith("the graph")
    assert scales.known.assumed["resize"].startswith("squash")
    plain = open_model(write(MADE["tutorial, Keras 3"], ".h5", tmp_path / "b.h5"))
    assert plain.card.preprocessing.channels == "L" and plain.known.assumed["pixels"].startswith("unit")

    def named(config):
        config["name"] = "vgg16"

    vgg = open_model(changed("branches, Keras 3", tmp_path, named))
    assert vgg.card.preprocessing.channels == "BGR" and "keras.applications" in vgg.known.assumed["pixels"]
    functions = open_model(write(MADE["preprocessed, Keras 2"], ".h5", tmp_path / "c.h5"))
    assert "tf.nn.bias_add" in functions.known.assumed["pixels"]


def test_all_unknown_layers_are_named_with_counts(tmp_path):
    def unknown(config):
        for at in config["layers"]:
            if at["class_name"] in ("Average", "LeakyReLU"):
                at["class_name"] = "Patches"
        layer(config, "Add")["class_name"] = "Encoder"
        layer(config, "SeparableConv2D")["config"]["activation"] = "my_activation"

    with pytest.raises(WeightsError) as told_:
        load(changed("branches, Keras 3", tmp_path, unknown))
    for words in ("Patches (2)", "Encoder (1)", "SeparableConv2D with the activation my_activation (1)"):
        assert words in str(told_.value)


def test_a_lambda_is_never_run(tmp_path):
    def change(config):
        layer(config, "Average")["class_name"] = "Lambda"

    with pytest.raises(WeightsError, match="Lambda layers hold a program, which is never run from a file"):
        load(changed("branches, Keras 3", tmp_path, change))


def test_a_class_of_ones_own_is_not_taken_for_keras(tmp_path):
    def change(config):
        at = layer(config, "Average")
        at["module"], at["registered_name"] = "my.layers", "My>Average"

    with pytest.raises(WeightsError, match=r"Average \(1\)"):
        load(changed("branches, Keras 3", tmp_path, change, ".keras"))


WRONG = {
    "a stride of 0": (lambda c: layer(c, "Conv2D")["config"].update(strides=[0, 1]), "strides"),
    "a stride of words": (lambda c: layer(c, "Conv2D")["config"].update(strides="many"), "strides"),
    "another layer's name": (lambda c: layer(c, "Conv2D").update(name="nobody"), "holds 0 arrays"),
    "a cycle": (
        lambda c: layer(c, "Conv2D")["inbound_nodes"][0]["args"][0]["config"].update(
            keras_history=[c["layers"][-1]["name"], 0, 0]
        ),
        "nothing computes",
    ),
    "no layers": (lambda c: c.update(layers="none"), "lists no layers"),
    "layers of numbers": (lambda c: c.update(layers=[1, 2]), "damaged"),
    "no outputs": (lambda c: c.update(output_layers=[]), "outputs"),
    "outputs that are none": (lambda c: c.update(output_layers={}), "outputs"),
    "an input of 0": (lambda c: c["layers"][0]["config"].update(batch_shape=[None, 0, 9, 3]), "which none"),
    "two of one name": (lambda c: c["layers"].append(c["layers"][1]), "two layers are called"),
    "an axis out of range": (lambda c: layer(c, "Concatenate")["config"].update(axis=9), "axis"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_configuration_is_refused_in_words(what, tmp_path):
    change, words = WRONG[what]
    with pytest.raises(WeightsError, match=words):
        describe(load(changed("branches, Keras 3", tmp_path, change)), "wrong")


HUGE = {
    "zeros": ("ZeroPadding2D", {"padding": [[10**6, 10**6], [10**6, 10**6]]}),
    "copies": ("UpSampling2D", {"size": [10**5, 10**5]}),
}


@pytest.mark.parametrize("what", HUGE)
def test_no_file_takes_more_memory_than_a_network_has_use_for(what, tmp_path):
    kind, settings = HUGE[what]
    path = changed("u_net, Keras 3", tmp_path, lambda c: layer(c, kind)["config"].update(settings))
    with pytest.raises(WeightsError, match="more than a network of this size has use for"):
        describe(load(path), "huge")


def test_models_within_models_do_not_multiply_without_end(tmp_path):
    """Each calls the one inside ten times: 10^6 layers in a few kilobytes."""

    def calls(inner, depth):
        if depth == 0:
            return inner
        name = f"m{depth}"
        first = {"class_name": "InputLayer", "name": "i", "config": {"batch_shape": [None, 4]}}
        nodes = [[["i" if n == 0 else inner["name"], max(n - 1, 0), 0, {}]] for n in range(10)]
        inside = inner | {"inbound_nodes": nodes}
        config = {
            "name": name, "layers": [first | {"inbound_nodes": []}, inside], "input_layers": [["i", 0, 0]],
            "output_layers": [[inner["name"], 9, 0]],
        }  # fmt: skip
        return calls({"class_name": "Functional", "name": name, "config": config}, depth - 1)

    made = json.loads(json.dumps(MADE["tutorial, Keras 3"]))
    relu = {"class_name": "ReLU", "name": "r", "config": {"name": "r"}}
    made[".h5"]["config"] = calls(relu, 6)
    with pytest.raises(WeightsError, match="more than 20,000 steps"):
        load(write(made, ".h5", tmp_path / "deep.h5"))


def test_a_file_cut_short_or_damaged_is_refused(tmp_path):
    path = write(MADE["tutorial, Keras 3"], ".keras", tmp_path / "whole.keras")
    whole = path.read_bytes()
    for n in (0, 10, len(whole) // 2, len(whole) - 30):
        (tmp_path / "cut.keras").write_bytes(whole[:n])
        with pytest.raises(WeightsError):
            load(tmp_path / "cut.keras")
    with zipfile.ZipFile(tmp_path / "none.keras", "w") as out, zipfile.ZipFile(path) as old:
        out.writestr("config.json", "{" * 100_000)
        out.writestr("model.weights.h5", old.read("model.weights.h5"))
    with pytest.raises(WeightsError, match="no JSON"):
        load(tmp_path / "none.keras")


def test_weights_alone_and_weights_that_lack_are_named(tmp_path):
    import h5py

    path = write(MADE["tutorial, Keras 3"], ".h5", tmp_path / "model.h5")
    with h5py.File(path, "r+") as file:
        del file["model_weights"]["dense"]
    with pytest.raises(WeightsError, match=r"layer 'dense' \(Dense\): the file holds 0 arrays for it"):
        load(path)
    with h5py.File(path, "r+") as file:
        del file.attrs["model_config"]
    with pytest.raises(WeightsError, match=re.escape("model.save('model.keras')")):
        load(path)


def test_configurations_damaged_at_random_run_or_are_refused_in_words():
    from tests.weights.graphs import keras_fuzz

    found = keras_fuzz.main(150)
    assert min(found["runs"], found["refused"]) > 30
