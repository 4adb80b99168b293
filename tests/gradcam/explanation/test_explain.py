"""What `explain` takes, and the one sentence that it says of what it does not take; targets;
an explanation's keys.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import METHODS, Target, explain, grad_cam, gradient, occlusion, score_cam
from minicnn import Error, GraphError, Tensor, find
from tests.support.compare import assert_close, same_bits
from tests.support.small_nets import picture, small_vgg

NAMES = ["tench", "goldfish", "tiger cat", "boxer", "cup"]


def named():
    net = small_vgg()
    net.card = SimpleNamespace(classes=NAMES, layer="relu2_1", unit_layer=None, multi_label=False)
    return net


@pytest.fixture(scope="module")
def asked():
    return named(), picture().data


def test_one_method_and_names_of_classes(asked):
    net, x = asked
    e = explain(net, x, "tiger cat", "grad_cam")
    assert e.methods == ["grad_cam"] and e.classes == [2]
    assert same_bits(e["grad_cam"], explain(net, x, 2, ["grad_cam"])["grad_cam", 2])
    assert explain(net, x, ["boxer", 0, "boxer"], "saliency").classes == [3, 0]
    assert explain(net, x, [["boxer", "cup"], (0, 1)], "saliency").classes == [(3, 4), (0, 1)]
    assert explain(net, x, np.array([1, 3]), "saliency").classes == [1, 3]


WRONG = {
    "method": (dict(methods="gradcamm"), "no method is called 'gradcamm'; did you mean 'grad_cam'"),
    "a list of wrong methods": (dict(methods=["saliency", None]), "no method is called 'None'"),
    "no method": (dict(methods=[]), "no method was asked for"),
    "options of no method": (dict(options={"lime": {}}), "no method is called 'lime'"),
    "class name": (dict(classes="goldfis"), "near: 1 goldfish"),
    "class number": (dict(classes=5), r"5 is no index into 5 \(0 to 4\)"),
    "negative": (dict(classes=-1, methods="occlusion"), "-1 is no index into 5"),
    "fraction": (dict(classes=1.5), "1.5 is no class: a class is a number or a name"),
    "truth value": (dict(classes=[True]), "True is no class"),
    "ragged": (dict(classes=[[0, 1], [2]]), r"\[2\] names 1 classes for 2 pictures"),
    "too deep": (dict(classes=[[[0], [1]]]), r"\[0\] is no class"),
    "no class": (dict(classes=[]), "no class was asked for"),
    "layer": (dict(layer="conv9"), "is called 'conv9'"),
    "layer number": (dict(layer=3), "a layer is asked for by its name, not by 3"),
    "layer without maps": (dict(layer="fc8", methods="grad_cam"), "no rows and columns"),
    "start": (dict(start="logit"), "start is one of score, probability, value, not 'logit'"),
    "two starts": (dict(classes=Target.score(1), start="value"), "says where its signal starts"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_meant_is_one_sentence(asked, wrong):
    net, x = asked
    options, says = WRONG[wrong]
    with pytest.raises(Error, match=says) as found:
        explain(net, x, **options)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "x, says",
    [
        ([[1.0]], "not list: gradcam.image.prepare"),
        ("photo.jpg", "'photo.jpg' is a photo, and this network has no description"),
        (np.zeros((1, 3, 12, 16), np.uint8), "an array of uint8 .* is a photo, and this network"),
        (np.zeros((0, 3, 12, 16)), "is empty"),
    ],
)
def test_what_is_no_input_is_one_sentence(asked, x, says):
    with pytest.raises(Error, match=says):
        explain(asked[0], x)


def test_a_method_wants_the_tensor_that_the_network_returned(asked):
    net, x = asked
    y = net(Tensor(x, "x"))
    with pytest.raises(GraphError, match="ndarray remembers no operations"):
        grad_cam(y.data, 1, find(y, "relu2_1"))
    with pytest.raises(GraphError, match="7 is no index into 5"):
        grad_cam(y, 7, find(y, "relu2_1"))
    with pytest.raises(GraphError, match="7 is no index into 5"):
        score_cam(net, x, 7, find(y, "relu2_1"))


def test_an_explanation_says_what_it_holds(asked):
    net, x = asked
    e = explain(net, x, ["boxer", "cup"], ["saliency", "grad_cam"])
    assert repr(e) == (
        "<Explanation of the score of boxer; the score of cup: saliency, grad_cam; "
        "layer relu2_1; input 2 x 3 x 12 x 16>"
    )
    assert e._ipython_key_completions_()[:2] == ["saliency", "grad_cam"]
    assert ("grad_cam", 4) in e._ipython_key_completions_()
    for key, says in {
        "cam": "no map of cam for class 3; there is saliency, grad_cam",
        ("saliency", 1): "no map of saliency for class 1",
        7: "write e",
    }.items():
        with pytest.raises(KeyError) as found:
            e[key]
        assert isinstance(found.value, Error) and says in str(found.value)


# --- targets


def test_a_target_is_taken_wherever_a_class_is(asked):
    net, data = asked
    x = Tensor(data, "x")
    y = net(x)
    A = find(y, "relu2_1")
    assert same_bits(grad_cam(y, Target.score(2), A), grad_cam(y, 2, A))
    assert same_bits(gradient(y, Target.probability(2), x), gradient(y, 2, x, start="probability"))
    assert same_bits(gradient(y, Target.value(2), x), gradient(y, 2, x, start="value"))
    unit = Target.unit(1, 2, 3, layer="relu2_1")
    assert same_bits(gradient(y, unit, x), gradient(A, (1, 2, 3), x))
    weights = np.zeros(y.shape)
    weights[:, 2], weights[:, 1] = 1, -1
    assert_close(gradient(y, Target.signal(weights), x), gradient(y, 2, x) - gradient(y, 1, x))


def test_targets_of_many_kinds_in_one_call(asked):
    net, x = asked
    probability, unit = Target.probability(2), Target.unit(1, 2, 3, layer="relu2_1")
    e = explain(net, x, [2, probability, unit], ["gradient", "guided_backprop"])
    y = net(Tensor(x, "x"))
    for c, target in zip(e.classes, (2, probability, unit)):
        assert_close(e["gradient", c], gradient(y, target, find(y, "x")), 1e-12)
    assert abs(e["gradient", unit]).max() > 0


CLASS_ONLY = ("cam",)


@pytest.mark.parametrize("method", [m for m in METHODS if m not in CLASS_ONLY])
def test_every_method_explains_a_difference_of_two_scores(method):
    """Its signal is another way to say one class, so the map must be that class's."""
    net, x = named(), picture().data
    weights = np.zeros((2, 5))
    weights[:, 2] = 1
    target, few = Target.signal(weights), {"smoothgrad": {"n": 3}, "integrated_gradients": {"steps": 3}}
    e = explain(net, x, [2, target], method, options=few)
    assert_close(e[method, target], e[method, 2], 1e-12)


def test_a_probability_without_gradients_is_what_the_network_says(asked):
    net, x = asked
    assert same_bits(
        occlusion(net, x, Target.probability(2), 4, 4), occlusion(net, x, 2, 4, 4, start="probability")
    )
    with pytest.raises(GraphError, match="only a method that uses gradients"):
        occlusion(net, x, Target.unit(1, 2, 3, layer="relu2_1"), 4, 4)


@pytest.mark.parametrize(
    "target, said",
    [
        (Target.score(3), "the score of class 3"),
        (Target.probability(3), "the probability of class 3"),
        (Target.score((3, 1)), "the score of class 3, class 1"),
        (Target.unit(7, 4, 5, layer="conv4"), "unit (7, 4, 5) of conv4"),
        (Target.signal(None, layer="conv4"), "the sum of all values of conv4"),
        (Target.signal(np.ones((2, 5))), "a weighted sum of all values of the output"),
    ],
)
def test_a_target_says_itself(target, said):
    assert str(target) == said


def test_targets_are_compared_by_what_they_say():
    assert Target.score(3) == Target.of(np.int64(3)) != Target.probability(3)
    assert len({Target.score((1, 2)), Target.score(np.array([1, 2])), Target.unit(1, 2, 3)}) == 2


def test_the_panel_says_what_was_explained():
    pytest.importorskip("matplotlib")
    from gradcam.show.tiles import row

    net, unit = named(), Target.unit(1, 2, 3, layer="relu2_1")
    e = explain(net, picture().data, [Target.probability(2), unit], "saliency")
    photo = np.zeros((12, 16, 3), np.uint8)
    assert [row(e, c, photo, net.card)[0].strong for c in e.classes] == [
        "the probability of tiger cat",
        str(unit),
    ]
