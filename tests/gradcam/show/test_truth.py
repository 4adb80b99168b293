"""What is said of networks that are no classifiers, and of methods that have no rule for a network."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import Target, explain, grad_cam, gradient
from gradcam.explanation.answer import naming
from gradcam.show import panel
from gradcam.show.verdict import answers, doubts, facts
from gradcam.targets import Number, Region
from minicnn import GELU, Error, HardSwish, RuleError, Sigmoid, SiLU, Tensor, find
from minicnn.layer import Apply, ConvLayer, Sequential
from tests.support.compare import assert_close, same_bits
from tests.support.small_nets import picture, small_vgg
from weights import Card, Preprocessing

PHOTO = np.random.default_rng(5).integers(0, 256, (12, 16, 3), dtype=np.uint8)


def described(net, names=None, **said):
    net.card = Card("net", "A network", Preprocessing(size=12, crop=12), "relu1_1", names, **said)
    return net


def texts(e):
    return " ".join(t.get_text() for t in panel(e, PHOTO).texts)


def test_yes_or_no():
    net, x = described(small_vgg(classes=1), ("cat", "dog"), ends="sigmoid"), picture().data
    e = explain(net, x)
    p = 1 / (1 + np.exp(-e.scores[0, 0]))
    assert dict(answers(e)) == {"dog": f"{100 * p:.1f} %", "cat": f"{100 * (1 - p):.1f} %"}
    assert facts(e) == [] and "the score of dog" in repr(e) and "dog" in texts(e)
    no = explain(net, x, "cat", "gradient")
    assert_close(no["gradient"], -explain(net, x, "dog", "gradient")["gradient"])
    bare = explain(described(small_vgg(classes=1), ends="sigmoid"), x)
    assert [who for who, _ in answers(bare)] in (["yes", "no"], ["no", "yes"])
    assert "100.0 %" not in texts(bare)
    net.steps[-1].b.data -= explain(net, x).scores[0, 0]
    assert doubts(explain(net, x)) == ["The network is unsure: it can hardly decide between yes and no."]


def test_a_regression_has_no_percentage():
    x = picture().data
    e = explain(described(small_vgg(classes=1), ends="number"), x)
    assert str(e.target(e.classes[0])) == "number 0, upwards" and "its number, upwards" in repr(e)
    assert facts(e) == ["Its output is a number, of which there is no percentage."] and not doubts(e)
    assert (
        "probability" not in texts(e) and "value" in texts(e) and "%" not in "".join(v for _, v in answers(e))
    )
    e = explain(described(small_vgg(classes=1)), x)  # nobody said which: that is said, too
    assert "If it is the score of a yes-or-no network, ask for the probability of 0." in facts(e)[0]
    e = explain(described(small_vgg(classes=3), ("width", "height", "depth")), x, Number(1, downwards=True))
    assert "height, downwards" in texts(e) and len(answers(e)) == 3


def test_labels_that_do_not_exclude_each_other():
    e = explain(described(small_vgg(), multi_label=True), picture().data)
    assert_close(e.probabilities, 1 / (1 + np.exp(-e.scores)))
    assert "each has a probability of its own" in texts(e)
    assert e.probabilities[0].sum() > 1.01 or e.probabilities[0].sum() < 0.99


def test_an_output_of_maps():
    net = described(Sequential(*small_vgg().steps[:3], ConvLayer("seg", 6, 3, 1)).initialise(1).astype(float))
    e = explain(net, picture().data, Region(1))
    assert answers(e) == [("its output", "3 × 6 × 8 numbers")] and not doubts(e)
    said = texts(e)
    assert "the sum of the scores of class 1 everywhere" in said and "probability" not in said


# --- what is defined is drawn


def of_kind(kind):
    steps = list(small_vgg().steps)
    steps[1] = Apply("relu1_1", kind)
    return described(Sequential(*steps))


@pytest.mark.parametrize("kind", [SiLU, HardSwish, GELU, Sigmoid])
def test_a_tile_whose_rule_is_not_published_says_so_and_the_others_are_drawn(kind):
    net, x = of_kind(kind), picture().data
    e = explain(net, x)
    assert e.methods == ["saliency", "grad_cam"]
    assert list(e.undefined) == ["deconvnet", "guided_backprop", "guided_grad_cam"]
    said = texts(e)
    assert f"No rule of guided backprop is published for {kind.__name__}" in e.undefined["guided_grad_cam"]
    assert said.count("no map") == 3 and "exactly zero" not in said
    y = net(Tensor(x, "x"))
    assert_close(e["grad_cam"], grad_cam(y, e.classes[0], find(y, "relu1_1")))
    with pytest.raises(KeyError, match="No rule of guided backprop is published for"):
        e["guided_backprop"]
    allowed = explain(net, x, methods="guided_backprop", allow=kind.__name__)
    assert same_bits(
        allowed["guided_backprop"],
        explain(net, x, methods="guided_backprop", allow=(kind,))["guided_backprop"],
    )
    assert np.any(allowed["guided_backprop"])
    with pytest.raises(RuleError, match="No rule of guided backprop is published for"):
        explain(net, x, methods="guided_backprop")


def test_a_network_without_a_relu():
    steps = [s for s in small_vgg().steps if not s.name.startswith("relu")]
    net = Sequential(*steps)
    net.card = SimpleNamespace(layer="pool1", classes=None)
    e = explain(net, picture().data)
    assert e.undefined["guided_backprop"] == (
        "No ReLU lies between this number and the pixels, and guided backprop changes nothing else."
    )


def test_an_activation_may_be_allowed_where_there_is_no_relu():
    net = described(Sequential(*small_vgg(gap=True).steps))
    net = described(Sequential(*(Apply(s.name, SiLU) if s.name.startswith("relu") else s for s in net.steps)))
    x = picture().data
    with pytest.raises(RuleError, match="No rule of guided backprop is published for SiLU"):
        explain(net, x, 0, "guided_backprop")
    e = explain(net, x, 0, ["guided_backprop", "gradient"], allow="SiLU")
    assert same_bits(e["guided_backprop"], e["gradient"])


def test_relevance_and_cam_that_do_not_fit_are_tiles_too():
    e = explain(of_kind(SiLU), picture().data, methods=["cam", "lrp_gamma", "gradient"])
    assert e.methods == ["gradient"] and e.asked == ["cam", "lrp_gamma", "gradient"]
    assert "CAM needs a network that ends in global average pooling" in e.undefined["cam"]
    assert "how relevance passes through SiLU" in e.undefined["lrp_gamma"]
    with pytest.raises(Error, match="CAM needs"):
        explain(of_kind(SiLU), picture().data, methods="cam")


def test_names_of_a_single_output():
    e = explain(
        described(small_vgg(classes=1), ("no", "yes"), ends="sigmoid"), picture().data, "yes", "saliency"
    )
    assert e.classes == [0] and naming(e)(0) == "yes"
    assert_close(
        explain(described(small_vgg(classes=1)), picture().data, Target.probability(0), "gradient")[
            "gradient"
        ],
        gradient(small_vgg(classes=1)(x := picture()), Target.probability(0), x),
    )
