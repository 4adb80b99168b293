"""What a configuration of Keras says: layers and their applications, names, places of arrays, axes; each by
hand, without HDF5.
"""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from weights import WeightsError
from weights.graphs.keras import architecture as said
from weights.graphs.keras import graph
from weights.graphs.keras.architecture import Application, Architecture, Part, Ref
from weights.graphs.keras.building import MOST_STEPS, Building, Call, Value
from weights.graphs.keras.customs import guesses
from weights.graphs.keras.operators import OPERATORS
from weights.graphs.keras.stored import Stored
from weights.graphs.onnx.model import Step
from weights.graphs.onnx.network import Network
from weights.readers.keras_h5 import Contents

A, B, C = Ref("a", 0, 0), Ref("b", 1, 2), Ref("c", 0, 1)


def tensor(*history):
    return {"class_name": "__keras_tensor__", "config": {"keras_history": [*history]}}


# --- arguments


def test_arguments_of_keras_3():
    of = said._decoded
    assert of([tensor("a", 0, 0), 3, {"k": [tensor("b", 1, 2)]}]) == [A, 3, {"k": [B]}]
    cut = {"class_name": "__slice__", "config": {"start": 1, "stop": 7, "step": 2}}
    assert of(cut) == slice(1, 7, 2) and of({"class_name": "__ellipsis__", "config": {}}) is ...
    assert of({"class_name": "__tensor__", "config": {"value": [1, 2]}}) == [1, 2]
    assert of({"class_name": "__numpy__", "config": {"value": 3}}) == 3
    assert of({"class_name": "__tuple__", "items": [tensor("a", 0, 0), 1]}) == [A, 1]
    assert of({"class_name": "__tuple__", "config": [tensor("a", 0, 0)]}) == [A]
    deep = [1]
    for _ in range(said.DEEPEST - 1):
        deep = [deep]
    assert of(deep) == deep
    with pytest.raises(WeightsError, match="nested too deep"):
        of([[deep]])
    node = {"args": [tensor("a", 0, 0), 2], "kwargs": {"k": tensor("c", 0, 1)}}
    assert said._application(node) == Application((A, 2), {"k": C})
    assert said._application({"args": [], "kwargs": None}) == Application((), {}) == said._application({})


def test_arguments_before():
    of = said._application
    assert of([["a", 0, 0, {}]]) == Application((A,), {}) == of(["a", 0, 0]) == of([["a", 0, 0]])
    assert of([["a", 0, 0, {"k": 1}], ["b", 1, 2, {"k": 2}]]) == Application(([A, B],), {"k": 1})
    assert of([["a", 0, 0], ["b", 1, 2, {"k": 2}]]) == Application(([A, B],), {"k": 2})
    assert of([["a", 0, 0, {"y": ["b", 1, 2], "z": [["c", 0, 1], 5]}]]).kwargs == {"y": B, "z": [C, 5]}
    assert of([["_CONSTANT_VALUE", -1, 7.5, {}]]) == Application((7.5,), {})
    old = said._old
    assert [old(["_CONSTANT_VALUE", -1, n, None]) for n in (7.5, 7)] == [7.5, 7] and old(
        ["a", 0, 0, None]
    ) == A
    assert old(["a", 0]) == ["a", 0] and old(["a", 0, 0.5]) == ["a", 0, 0.5] and old([1, 0, 0]) == [1, 0, 0]
    assert old(["a", True, 0]) == ["a", True, 0] and old(["a", 0, 0, 1, 2]) == ["a", 0, 0, 1, 2]
    assert (
        old({"class_name": "__ellipsis__"}) is ... and old({"k": ["a", 0, 0]}) == {"k": A} and old("a") == "a"
    )
    assert old({"class_name": "__tuple__", "items": [["a", 0, 0], 1]}) == [A, 1]


def test_where_inputs_and_outputs_are():
    of = said._refs
    assert of(["a", 0, 0]) == [A] == of([["a", 0, 0]]) and of([["a", 0, 0], ["b", 1, 2]]) == [A, B]
    assert of({"one": ["b", 1, 2], "two": [["a", 0, 0]]}) == [B, A]
    for wrong in ([], "a", None, [[]]):
        with pytest.raises(WeightsError, match="does not say where its inputs and outputs are"):
            of(wrong)
    assert [*said.refs_in((A, [B, {"k": C}], 5))] == [A, B, C]
    values = {A: "x", B: "y"}
    assert said.replaced({"k": (A, [B, 3]), "n": "a"}, values) == {"k": ["x", ["y", 3]], "n": "a"}


# --- layers


def layer(kind, name=None, nodes=(), **config):
    return {"class_name": kind, "name": name or kind.lower(), "config": config, "inbound_nodes": [*nodes]}


def functional(*layers, inputs=(("x", 0, 0),), outputs=(("last", 0, 0),), name="m", kind="Functional"):
    ends = {"input_layers": [[*r] for r in inputs], "output_layers": [[*r] for r in outputs]}
    return {"class_name": kind, "name": name, "config": {"name": name, "layers": [*layers]} | ends}


X = layer("InputLayer", "x", batch_shape=[None, 4])


def test_a_sequential_is_a_chain():
    found = said.architecture(
        {
            "class_name": "Sequential",
            "config": [
                layer("Dense", "input", batch_input_shape=[None, 3], input_dtype="float64"),
                layer("ReLU", "input_layer"),
            ],
        }
    )
    first, dense, last = found.parts.values()
    assert (first.name, first.kind, first.config) == (
        "input_0",
        "InputLayer",
        {"batch_shape": [None, 3], "dtype": "float64"},
    )
    assert dense.applications == [Application((Ref("input_0", 0, 0),), {})]
    assert last.applications == [Application((Ref("input", 0, 0),), {})]
    assert (found.name, found.inputs, found.outputs) == (
        "sequential",
        [Ref("input_0", 0, 0)],
        [Ref("input_layer", 0, 0)],
    )
    plain = said.architecture(
        {"class_name": "Sequential", "config": {"name": "s", "layers": [X, layer("ReLU")]}}
    )
    assert [*plain.parts] == ["x", "relu"] and plain.inputs == [Ref("x", 0, 0)] and plain.name == "s"
    unnamed = said.architecture(
        {"class_name": "Sequential", "config": {"layers": [layer("Dense", batch_shape=[None, 3])]}}
    )
    assert [*unnamed.parts] == ["input", "dense"] and unnamed.name == "Sequential"
    assert unnamed.parts["input"].config["dtype"] == "float32"
    with pytest.raises(WeightsError, match="the Sequential model has no layers"):
        said.architecture({"class_name": "Sequential", "config": {"layers": []}})


def test_settings_of_keras_1_have_their_later_names():
    old = {
        "subsample": [2, 2],
        "subsample_length": 3,
        "border_mode": "same",
        "bias": False,
        "atrous_rate": 2,
        "stride": 5,
        "pool_length": 4,
    }
    for before, now in (
        ("subsample", "strides"),
        ("subsample_length", "strides"),
        ("border_mode", "padding"),
        ("bias", "use_bias"),
        ("atrous_rate", "dilation_rate"),
        ("pool_length", "pool_size"),
        ("stride", "strides"),
    ):
        assert said._part(layer("Conv", **{before: old[before]}), 0).config == {now: old[before]}
    with pytest.raises(WeightsError, match="Keras 1 in Theano's order"):
        said._part(layer("Conv", dim_ordering="th"), 0)
    assert said._part(layer("Conv", dim_ordering="tf"), 0).config == {"dim_ordering": "tf"}


def test_a_layer():
    made = layer("Conv", "c", [[["x", 0, 0, {}]], [["b", 1, 2, {}]]], build_config=3) | {
        "registered_name": "my>Conv",
        "build_config": {"input_shape": [None, 2]},
    }
    part = said._part(made, 0)
    assert (part.name, part.kind, part.module, part.config) == ("c", "Conv", "custom", {"build_config": 3})
    assert [a.args for a in part.applications] == [(Ref("x", 0, 0),), (B,)] and part.inner is None
    named = {
        "class_name": "Conv",
        "config": {"name": "inside"},
        "module": "keras.layers",
        "registered_name": "Conv",
    }
    assert (said._part(named, 0).name, said._part(named, 0).module) == ("inside", "keras.layers")
    assert said._part(layer("Conv") | {"registered_name": "Conv"}, 0).module == ""
    built = said._part(layer("Conv", "c") | {"build_config": {"input_shape": [1]}}, 0)
    assert built.config == {"build_config": {"input_shape": [1]}}
    for wrong in ({"class_name": 3}, {"config": 3}, {"name": 3}):
        with pytest.raises(WeightsError, match="has no name, no class or no settings"):
            said._part(layer("Conv", "c") | wrong, 0)


def test_models_inside_of_models():
    inner = functional(X, layer("ReLU", "last", [[["x", 0, 0, {}]]]), name="inner")
    whole = functional(
        X,
        inner | {"inbound_nodes": [[["x", 0, 0, {}]], [["inner", 1, 0, {}]]]},
        layer("Dense", "last", [[["inner", 2, 0, {}]]]),
    )
    found = said.architecture(whole)
    assert [*found.names()] == ["m", "inner"] and [p.name for p in found.leaves()] == [
        "x",
        "x",
        "last",
        "last",
    ]
    assert found.parts["inner"].first_node == 1 and found.parts["last"].first_node == 0
    zero = functional(
        X, inner | {"inbound_nodes": [[["x", 0, 0, {}]]]}, layer("Dense", "last", [[["inner", 0, 0, {}]]])
    )
    assert said.architecture(zero).parts["inner"].first_node == 0
    assert said.architecture(whole, said.DEEPEST - 1).name == "m"
    with pytest.raises(WeightsError, match="nested deeper than 20"):
        said.architecture(whole, said.DEEPEST)
    with pytest.raises(WeightsError, match="two layers are called 'x'"):
        said.architecture(functional(X, X))
    for config in (None, {"layers": 3}, {}):
        with pytest.raises(WeightsError, match=r"the configuration of the model \(Model\) lists no layers"):
            said.architecture({"class_name": "Model", "config": config})


def test_as_many_layers_as_are_allowed(monkeypatch):
    monkeypatch.setattr(said, "MOST_LAYERS", 2)
    assert said.architecture(functional(X, layer("ReLU", "last", [[["x", 0, 0, {}]]]))).name == "m"
    with pytest.raises(WeightsError, match="more than 2 layers"):
        said.architecture(functional(X, layer("ReLU", "last"), layer("ReLU", "other")))


def test_what_keras_3_calls_layers_in_its_file():
    parts = [
        Part(str(i), kind, module, {})
        for i, (kind, module) in enumerate(
            (
                ("Conv2D", ""),
                ("Conv2D", ""),
                ("BatchNormalization", ""),
                ("Add", "keras.src.ops.numpy"),
                ("Add", "keras.layers"),
                ("ReLU", ""),
                ("Conv2D", ""),
                ("GlobalAveragePooling2D", ""),
                ("My>Layer", "my"),
                ("GRU", ""),
            )
        )
    ]
    said._keyed(parts)
    assert [p.key for p in parts] == [
        "conv2d",
        "conv2d_1",
        "batch_normalization",
        "",
        "add",
        "re_lu",
        "conv2d_2",
        "global_average_pooling2d",
        "my_layer",
        "gru",
    ]


# --- places of arrays


def test_arrays_by_their_names():
    named = {
        "conv/conv/kernel:0": 1,
        "conv/conv/bias:0": 2,
        "conv_1/kernel": 3,
        "outer/inner/conv/kernel": 4,
        "outer/conv/kernel": 5,
        "outer/other/kernel": 6,
        "outer/deep/conv/x/kernel": 7,
    }
    stored = Stored(Contents({}, named, {}), False)
    part = lambda name: Part(name, "", "", {})  # noqa: E731
    of = lambda *names: stored.of([part(n) for n in names])  # noqa: E731
    assert of("conv") == [1, 2] and of("conv_1") == [3] and of("none") == []
    assert of("outer", "other") == [6] and of("outer", "inner", "conv") == [4, 5] and of("outer", "x") == [7]
    assert of("outer", "deep") == [7] and of("outer", "nv") == []


def test_arrays_by_their_places():
    placed = {f"layers/conv2d/vars/{i}": i for i in range(3)} | {
        "layers/conv2d/vars/4": 9,
        "layers/m/layers/dense/vars/0": 5,
        "layers/mha/query_dense/vars/0": 6,
        "_layer_checkpoint_dependencies/old/vars/0": 7,
    }
    stored = Stored(Contents({}, placed, placed), True)
    part = lambda key, name="n": Part(name, "", "", {}, [], key)  # noqa: E731
    assert stored.of([part("conv2d")]) == [0, 1, 2] and stored.of([part("m"), part("dense")]) == [5]
    assert stored.of([part("mha")], ["query_dense"]) == [6] and stored.of([part("old")]) == [7]
    assert stored.of([part("mha")]) == []
    named = {"layers/first/vars/0": 8, **placed}
    both = Stored(Contents({}, named, placed), True)
    assert both.of([part("conv2d", "first")]) == [8] and both.of([part("conv2d", "other")]) == [0, 1, 2]


# --- steps


def building(**named):
    return Building(Stored(Contents({}, named, {}), False), 3)


def call(made, **config):
    return Call(made, [Part("layer", "Kind", "", config)], "layer")


def test_names_and_constants_are_their_own():
    made = building()
    assert [made.named("a") for _ in range(3)] == ["a", "a:1", "a:2"] and made.named("a:1") == "a:1:1"
    one = np.ones(2, "f4")
    assert made.constant("c", one) == "c" == made.constant("c", one.copy())
    assert made.constant("c", 2 * one) == "c:1" and made.constant("c", one.astype("f8")) == "c:2"
    assert {n: a.dtype.name for n, a in made.constants.items()} == {
        "c": "float32",
        "c:1": "float32",
        "c:2": "float64",
    }
    assert made.add("Split", "s", "Kind", ["x"], 3, {"k": 1}) == ["s", "s[1]", "s[2]"]
    step = made.steps[-1]
    assert (step.op, step.name, step.inputs, step.outputs, step.attributes, step.was) == (
        "Split",
        "s",
        ["x"],
        ["s", "s[1]", "s[2]"],
        {"k": 1},
        "Kind",
    )
    made.steps = [step] * (MOST_STEPS - 1)
    made.add("Relu", "r", "", [], 1, {})
    with pytest.raises(WeightsError, match="more than 20,000 steps"):
        made.add("Relu", "r", "", [], 1, {})


def test_a_value_gets_a_layers_name():
    made = building()
    layer = call(made)
    x = Value("x", 4)
    y = layer("Conv", x, np.ones(1))
    z = layer("Relu", y)
    front = layer.in_front(z)
    assert (y.name, z.name, front.name) == ("layer/Conv", "layer/Relu", "layer/Transpose")
    renamed = made.rename(front, "layer")
    assert (
        renamed == Value("layer", 4, True) and layer.as_keras(renamed) == z and layer.in_front(z) == renamed
    )
    assert [(s.name, s.inputs, s.outputs) for s in made.steps] == [
        ("layer/Conv", ["x", "layer/Conv.1"], ["layer/Conv"]),
        ("layer/Relu", ["layer/Conv"], ["layer/Relu"]),
        ("layer", ["layer/Relu"], ["layer"]),
    ]
    made.rename(y, "other")
    assert (
        made.steps[0].outputs == ["other"]
        and made.steps[1].inputs == ["other"]
        and made.steps[0].name == "other"
    )


def test_where_channels_lie():
    made = building()
    layer, first = call(made), call(made, data_format="channels_first")
    x, s, v = Value("x", 4), Value("s", 3), Value("v", 2)
    front = layer.in_front(x)
    assert front == Value("layer/Transpose", 4, True) and made.steps[-1].attributes == {"perm": [0, 3, 1, 2]}
    assert layer.in_front(front) is front and layer.in_front(v) is v and layer.as_keras(x) is x
    assert layer.as_keras(front) == x and len(made.steps) == 1  # turned back by itself
    assert layer.in_front(s).moved and made.steps[-1].attributes == {"perm": [0, 2, 1]}
    moved = Value("m", 5, True)
    assert layer.as_keras(moved).moved is False and made.steps[-1].attributes == {"perm": [0, 2, 3, 4, 1]}
    assert (
        layer.spatial(x) == front
        and first.spatial(x) is x
        and first.channels_first
        and not layer.channels_first
    )
    assert layer.alike([x, front]) == [front, front] and layer.alike([x, x]) == [x, x]
    assert [layer.axis(moved, a) for a in (0, 1, 2, 3, 4, -1, -2, -5)] == [0, 2, 3, 4, 1, 1, 4, 0]
    assert [layer.axis(x, a) for a in (0, 3, -1, -4)] == [0, 3, 3, 0]
    for wrong in (4, -5):
        with pytest.raises(WeightsError, match=f"there is no axis {wrong} among 4"):
            layer.axis(x, wrong)
    assert layer.spread(2.5, front) == 2.5 and layer.spread([1, 2], x) == [1, 2]
    assert layer.spread([1, 2], front).shape == (1, 2, 1, 1)
    grid = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(layer.spread(grid, front)[0], grid.transpose(2, 0, 1))
    with pytest.raises(WeightsError, match="numbers with 5 axes do not fit a signal with 4"):
        layer.spread(np.zeros((1,) * 5), front)
    assert layer("Relu", x, None, front).ndim == 4 and made.steps[-1].inputs == ["x", "", "layer/Transpose"]
    assert layer("Mean", front, ndim=2, moved=False) == Value("layer/Mean", 2, False)
    arrays = Call(building(layer__=1), [Part("layer", "K", "", {})], "layer")
    with pytest.raises(WeightsError, match="the file holds 0 arrays for it, and it has 1"):
        arrays.arrays(least=1)
    assert (
        layer.get("none", 5) == 5 and call(made, k=None).get("k", 5) == 5 and call(made, k=0).get("k", 5) == 0
    )


# --- a graph


def contents(config, version="3.1", **texts):
    return Contents({"model_config": json.dumps(config), "keras_version": version} | texts, {}, {})


def test_which_version_wrote_a_file():
    of = lambda **texts: graph._version(Contents(texts, {}, {}))  # noqa: E731
    assert (
        of() == 2 == of(keras_version="2.15.0")
        and of(keras_version="1.2") == 1
        and of(keras_version="3.0") == 3
    )
    assert of(keras_version="odd") == 2 and of(metadata="{}") == 3 == of(metadata="[", keras_version="2.0")
    assert of(metadata='{"keras_version": "2.9"}') == 2 and of(metadata="[]", keras_version="1") == 3


def test_what_is_no_configuration(monkeypatch):
    for texts, words in (
        ({}, "it holds weights and no model"),
        ({"model_config": "{"}, "is no JSON"),
        ({"model_config": "[]"}, "is no model's"),
    ):
        with pytest.raises(WeightsError, match=words):
            graph.model(Contents(texts, {}, {}), False)
    monkeypatch.setattr(graph, "LONGEST", 2)
    assert graph._configuration(Contents({"model_config": "{}"}, {}, {})) == {}
    with pytest.raises(WeightsError, match="has 3 letters, more than any model's"):
        graph._configuration(Contents({"model_config": "{ }"}, {}, {}))


def test_layers_that_are_not_known():
    def of(*parts):
        graph.refuse_unknown(Architecture("m", {p.name: p for p in parts}, [], []))

    part = lambda kind, name, module="", **config: Part(name, kind, module, config)  # noqa: E731
    of(
        part("InputLayer", "i"),
        part("Dense", "d"),
        part("Dense", "e", activation="relu"),
        part("Add", "a", "keras.layers"),
        part("TimeDistributed", "t", layer={"class_name": "Dense"}),
        part("TFOpLambda", "f", function="math.add"),
    )
    for odd, words in (
        (
            (part("Odd", "a"), part("Odd", "b"), part("Strange", "c")),
            r"layers that are not known here .*: Odd \(2\), Strange \(1\)$",
        ),
        ((part("Odd", "a"),), r"the model has a layer that is not known here .*: Odd \(1\)$"),
        ((part("Dense", "a", "my"),), r"Dense \(1\)$"),
        ((part("Dense", "a", activation="odd"),), r"Dense with the activation odd \(1\)$"),
        ((part("TFOpLambda", "a", function="odd"),), r"tf.odd \(1\)$"),
        ((part("SlicingOpLambda", "a", function="odd"),), r"tf.odd \(1\)$"),
        (
            (part("TimeDistributed", "a", layer={"class_name": "Conv2D"}),),
            r"TimeDistributed of Conv2D \(1\)$",
        ),
        (
            (part("Lambda", "one"), part("Lambda", "two"), part("Odd", "a")),
            r"Lambda layers hold a program, .* from a file \('one', 'two'\): .*; the model has a layer",
        ),
        (tuple(part(f"Odd{i}", str(i)) for i in range(42)), r"Odd39 \(1\) and 2 more$"),
    ):
        with pytest.raises(WeightsError, match=words):
            of(*odd)


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ([None, 4], True),
        ([None, 1], True),
        ([None, 2, 2, 2, 2, 2], True),
        ([None], False),
        ([None] + [2] * 6, False),
        ([None, 0], False),
        ([None, -2], False),
        ([3, None, 4], True),
    ],
)
def test_shapes_that_an_input_can_have(shape, fits):
    whole = Architecture(
        "m",
        {"x": Part("x", "InputLayer", "", {"batch_shape": shape, "dtype": "float64"})},
        [Ref("x", 0, 0)],
        [],
    )
    if not fits:
        with pytest.raises(WeightsError, match="which none can have"):
            graph._inputs(whole, building())
    else:
        shapes, types, values = graph._inputs(whole, made := building())
        assert shapes == {"x": (-1, *(-1 if n is None else n for n in shape[1:]))} and types == {
            "x": "float64"
        }
        assert values == [Value("x", len(shape))] and made.names == {"x"}


def test_layers_are_applied_as_soon_as_what_they_need_is_there():
    def part(name, *needs):
        return Part(name, "", "", {}, [Application(tuple(Ref(*n) for n in need), {}) for need in needs])

    parts = [
        part("late", [("mid", 0, 0)]),
        part("mid", [("x", 0, 0)], [("late", 0, 0), ("twice", 1, 0)]),
        part("twice", [("x", 0, 0)], [("mid", 0, 0)]),
    ]
    model = Architecture("m", {p.name: p for p in parts}, [], [])
    found = [(p.name, n) for p, n, _ in graph._in_order(model, {Ref("x", 0, 0)})]
    assert found == [("mid", 0), ("late", 0), ("twice", 0), ("twice", 1), ("mid", 1)]
    parts[2].applications[0] = Application((Ref("nobody", 0, 0),), {})
    with pytest.raises(
        WeightsError, match="the layer 'twice' takes what 'nobody' gives, which nothing computes"
    ):
        list(graph._in_order(model, {Ref("x", 0, 0)}))


def test_shared_layers_and_models_inside():
    relu = {"class_name": "Activation", "name": "act", "config": {"activation": "relu"}}
    inner = functional(
        X, relu | {"inbound_nodes": [[["x", 0, 0, {}]]]}, outputs=[("act", 0, 0)], name="inner"
    )
    twice = inner | {"inbound_nodes": [[["x", 0, 0, {}]], [["neg", 0, 0, {}]]]}
    neg = layer("Rescaling", "neg", [[["x", 0, 0, {}]]], scale=-1.0)
    last = layer("Subtract", "last", [[["inner", 1, 0, {}], ["inner", 2, 0, {}]]])
    net = Network(graph.model(contents(functional(X, twice, neg, last)), False), OPERATORS)
    x = np.array([[1.0, -2, 3, -4]])
    assert net(x).tolist() == x.tolist()
    assert [s.name for s in net.steps] == ["inner/act", "neg", "inner/act:1", "last"]
    assert net.model.metadata == {"models": "m\ninner"} and net.model.source == "Keras"
    for outputs, words in (([("neg", 5, 0)], "the model's output 'neg' is computed by no layer"),):
        with pytest.raises(WeightsError, match=words):
            graph.model(contents(functional(X, neg, outputs=outputs)), False)
    with pytest.raises(WeightsError, match="the model 'inner' has 1 inputs, not 2"):
        two = inner | {"inbound_nodes": [[["x", 0, 0, {}], ["x", 0, 0, {}]]]}
        graph.model(contents(functional(X, two, outputs=[("inner", 1, 0)])), False)


def test_types_that_a_file_computes_with():
    parts = {
        str(i): Part(str(i), "", "", {"dtype": d})
        for i, d in enumerate(
            ("float32", "mixed_bfloat16", {"config": {"name": "mixed_float16"}}, {"config": {}}, None)
        )
    }
    arrays = SimpleNamespace(named={"a": np.zeros(1, "f4"), "b": np.zeros(1, "f8")})
    assert {*graph._stored(arrays, Architecture("m", parts, [], []))} == {
        "float32",
        "float64",
        "bfloat16",
        "float16",
    }


def test_how_photos_usually_are_prepared():
    def of(models="", steps=()):
        net = SimpleNamespace(
            inputs={"x": ()}, steps=[*steps], model=SimpleNamespace(metadata={"models": models})
        )
        return {key: what for key, (what, _) in guesses(net).items()}

    assert of() == {"resize": "squash"}
    for name, pixels in (
        ("resnet50", "caffe"),
        ("ResNet101", "caffe"),
        ("resnet50v2", "half"),
        ("resnet50_v2", "half"),
        ("vgg16", "caffe"),
        ("vgg19", "caffe"),
        ("vgg11", None),
        ("xception", "half"),
        ("inception_v3", "half"),
        ("mobilenet_1.00_224", "half"),
        ("mobilenetv2_1.00", "half"),
        ("mobilenetv3small", "byte"),
        ("MobileNet_V3", "byte"),
        ("nasnet_mobile", "half"),
        ("densenet121", "imagenet"),
        ("efficientnetb0", "byte"),
        ("convnext_tiny", "byte"),
        ("m\ndensenet201", "imagenet"),
    ):
        assert of(name).get("pixels") == pixels, name
    step = lambda op, x, y: Step(op, y.upper(), [x], [y])  # noqa: E731
    assert (
        of("vgg16", [step("Transpose", "x", "t"), step("Rescaling", "t", "r"), step("Conv", "r", "c")])[
            "pixels"
        ]
        == "byte"
    )
    assert of("vgg16", [step("Conv", "x", "c"), step("Rescaling", "c", "r")])["pixels"] == "caffe"
    assert (
        of("vgg16", [step("Mul", "other", "m"), step("Pad", "x", "p"), step("Conv", "p", "c")])["pixels"]
        == "caffe"
    )
    assert of("", [step("Sub", "x", "s"), step("Div", "s", "d")])["pixels"] == "byte"
