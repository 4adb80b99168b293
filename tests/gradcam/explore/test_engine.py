"""The page's engine against ours: 200 random (network, picture, unit, rule), the kit, an occluder."""

import numpy as np
import pytest

from gradcam.explore import ExploreError, Session, page
from gradcam.verify.kit import networks as kit
from minicnn import GlobalAvgPool, ReLU, SiLU
from minicnn.layer import Apply, ConvLayer, Sequential
from tests.gradcam.explore.cases import (
    NO_NODE,
    conversation,
    differences,
    in_node,
    network,
    node,
    picture,
    reference,
)
from weights.cards import Card, Preprocessing

needs_node = pytest.mark.skipif(not node(), reason=NO_NODE)
TWO_HUNDRED = {"tiny": (31, 4), "shapes": (10, 7), "squeezenet": (1, 6)}  # pictures, and (unit, rule) of each


@needs_node
@pytest.mark.parametrize("name", [*TWO_HUNDRED, *(f"kit {n}" for n in kit.NETWORKS)])
def test_both_engines_answer_alike(name, tmp_path):
    talk = conversation(name, *TWO_HUNDRED.get(name, (3, 8)))
    ours, theirs = reference(name, talk), in_node(name, talk, tmp_path)
    said = [d for (q, _), a, b in zip(talk, ours, theirs) for d in differences(a, b, q)]
    assert said == []
    signals = [np.abs(a).max() for (q, arguments), a in zip(talk, ours) if q == "values" and len(a)]
    assert np.mean(np.array(signals) > 0) > 0.8, "most signals arrive somewhere"


@needs_node
@pytest.mark.parametrize("name", ["tiny", "kit " + next(iter(kit.NETWORKS))])
def test_two_numbers_at_a_time_add_up_to_the_same_bits(name, tmp_path):
    talk = conversation(name, 3, 4)
    pairs, single = (in_node(name, talk, tmp_path, *how) for how in ((), ("plain",)))
    assert [{**a, "ms": 0} if "ms" in a else a for a in pairs if a] == [
        {**a, "ms": 0} if "ms" in a else a for a in single if a
    ]


@needs_node
def test_random_weights_and_occluders_are_the_same_in_both(tmp_path):
    talk = [
        ["look", {"pixels": picture("tiny", 3)}],
        ["occlude", {"side": 8, "c": 1, "places": [[0, 0], [10, 12], [-3, 5], [30, 30]]}],
        ["randomise", {"count": 2, "seed": 3}],
        ["look", {"pixels": picture("tiny", 3)}],
        ["randomise", {"count": 0, "seed": 3}],
        ["look", {"pixels": picture("tiny", 3)}],
        ["randomise", {"count": 1, "seed": 3}],
        ["randomise", {"count": 2, "seed": 3}],
        ["look", {"pixels": picture("tiny", 3)}],
    ]
    ours, theirs = reference("tiny", talk), in_node("tiny", talk, tmp_path)
    assert [d for a, b in zip(ours, theirs) for d in differences(a, b)] == []
    before, random, after, again = (np.array(ours[n]["scores"]) for n in (0, 3, 5, 8))
    assert np.array_equal(before, after) and np.abs(before - random).max() > 0.1
    assert np.array_equal(random, again), "one layer more: the same as both at once"


OWN = [
    "x > 0 ? Math.abs(g) : 0", "g * (x > 0) * (g > 0.001)", "max(g, -g) - .5 * g ** 2", "-g + 2e-1 * x % 0.3",
    "g > 0 && x || -g / 3", "!(x <= 0) ? (g < 0 ? tanh(g) : pow(g, 2)) : sqrt(abs(x)) * sign(g)",
]  # fmt: skip


@needs_node
@pytest.mark.parametrize("rule", OWN)
def test_a_rule_that_was_written_means_the_same_as_arithmetic_and_as_javascript(rule, tmp_path):
    talk = [
        ["look", {"pixels": picture("tiny", 3)}],
        ["own", {"rule": rule}],
        ["trace", {"start": {"tensor": "fc", "region": [1, 0, 0, 0, 0]}, "rules": ["own"]}],
        ["counts", {}],
        ["values", {"tensor": "x", "what": "own"}],
        ["maps", {"tensor": "relu2", "what": "own"}],
        ["maps", {"tensor": "relu2", "what": "own", "after": True}],
    ]
    ours, theirs = reference("tiny", talk), in_node("tiny", talk, tmp_path)
    assert [d for a, b in zip(ours[:5], theirs) for d in differences(a, b)] == []
    codes, others = ([a["codes"] for a in answers[5:]] for answers in (ours, theirs))
    assert np.abs(ours[4]).max() > 0 and np.abs(np.subtract(codes, others)).max() <= 1


@pytest.mark.parametrize(
    "rule", ["", "y", "g +", "(g", "g)", "g; x", "g.constructor", "g[0]", "fetch(g)", "abs()", "min(g)",
             "x ? g", "'g'", "g = 1", "() => g", "g" * 201, "1 2", "log(x - x)"],
)  # fmt: skip
def test_what_is_no_arithmetic_is_refused(rule):
    _, session = network("tiny")
    session.ask("look", {"pixels": picture("tiny", 3)})
    with pytest.raises(ExploreError):
        session.ask("own", {"rule": rule})
        session.ask("trace", {"start": {"tensor": "fc", "region": [1, 0, 0, 0, 0]}, "rules": ["own"]})


def test_the_terms_of_a_number_add_up_to_it():
    _, session = network("shapes")
    session.ask("look", {"pixels": picture("shapes", 22)})
    session.ask(
        "trace",
        {
            "start": {"tensor": "fc7", "region": [4, 0, 0, 0, 0]},
            "rules": ["guided", "lrp_epsilon", "lrp_zplus"],
        },
    )
    for rule in ("guided", "lrp_epsilon", "lrp_zplus"):
        for tensor in ("x", "relu2_1", "conv3_1", "pool3", "relu5_1", "gmp", "flatten", "relu6"):
            for least in (True, False):
                at = session.extreme(tensor, rule, least)
                found = session.number(tensor, at["unit"], rule)
                for part in found["parts"]:
                    stops = [t for t in part["terms"] if t["g"] == 0 != t.get("arrived", 0)]
                    assert bool(stops) == bool(part["stopped"]), "what a gate stops is among the terms"
                sums = [
                    p["factor"] * (sum(t["w"] * t["g"] for t in p["terms"]) + p["rest"])
                    for p in found["parts"]
                ]
                assert (
                    found["value"]
                    == pytest.approx(at["value"])
                    == pytest.approx(sum(sums), rel=1e-9, abs=1e-15)
                )
    for tensor in ("conv1_1", "conv4_2", "fc6", "fc7"):
        found = session.number(tensor, [3, 0, 0], "forward")
        assert found["value"] == pytest.approx(
            found["bias"] + found["rest"] + sum(t["w"] * t["v"] for t in found["terms"])
        )


def test_guided_signals_have_no_negative_number_behind_a_relu_and_have_some_behind_a_convolution():
    _, session = network("shapes")
    session.ask("look", {"pixels": picture("shapes", 22)})
    session.ask("trace", {"start": {"tensor": "fc7", "region": [4, 0, 0, 0, 0]}, "rules": ["guided"]})
    signs = session.ask("counts", {})["signs"]["guided"]
    assert all(signs[name]["down"] == 0 < signs[name]["up"] for name in ("conv1_1", "conv3_2", "conv5_1"))
    assert all(signs[name]["down"] > 0 for name in ("x", "relu3_1", "pool3"))
    before, after = (session.maps("relu3_1", "guided", after)["codes"] for after in (False, True))
    assert before.min() < 0 == after.min() < after.max() and not (after[before < 0]).any()
    at = session.extreme("relu3_1", "guided", least=True)
    [part] = session.number("conv3_1", at["unit"], "guided")["parts"]
    assert part["stopped"] == 1 and part["terms"][0]["g"] == 0 and part["terms"][0]["arrived"] == at["value"]


@pytest.mark.parametrize(
    "question, arguments",
    [
        ("open", {}), ("__init__", {}), ("ask", {}), ("look", {}),
        ("look", {"pixels": np.zeros(7, np.uint8)}),
        ("trace", {"start": {"tensor": "nothing", "region": [0] * 5}, "rules": ["guided"]}),
        ("trace", {"start": {"tensor": "fc", "region": [99, 0, 0, 0, 0]}, "rules": ["guided"]}),
        ("trace", {"start": {"tensor": "fc", "region": [0, 0, 0, 0, 0]}, "rules": ["nonsense"]}),
        ("trace", {"start": {"tensor": "fc", "region": [0, 0]}, "rules": ["guided"]}),
        ("number", {"tensor": "x", "unit": [0, -1, 0], "what": "forward"}),
        ("occlude", {"side": 10**9, "c": 0, "places": [[0, 0]]}),
        ("occlude", {"side": 3, "c": 0, "places": [[0, 0]] * 5000}),
        ("gradcam", {"layer": "relu4", "c": 400}),
        ("maps", {"tensor": "pool1", "what": "forward"}),
        ("maps", {"tensor": "pool1", "what": "forward", "after": True}),
        ("switches", {"tensor": "relu1", "k": 0}),
        ("switches", {"tensor": "pool1", "k": -1}),
        ("own", {"rule": "__import__('os')"}),
    ],
)  # fmt: skip
def test_questions_that_cannot_be_meant(question, arguments):
    _, session = network("tiny")
    with pytest.raises(ExploreError):
        session.ask(question, arguments)


def test_any_network_is_taken_and_a_rule_that_is_not_defined_for_it_is_said():
    layers = ConvLayer("conv1", 3, 4, kernel=3), Apply("swish", SiLU), ConvLayer("conv2", 4, 4, kernel=3)
    net = Sequential(*layers, Apply("relu", ReLU), Apply("gap", GlobalAvgPool)).initialise(0)
    net.card = Card("odd", "odd", Preprocessing(crop=12), "relu")
    session = Session(net, np.float64)
    assert session.model["columns"] == ["swish", "relu"]
    session.ask("look", {"pixels": np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)})
    start = {"tensor": "gap", "region": [0, 0, 0, 0, 0]}
    traced = session.ask("trace", {"start": start, "rules": ["backprop", "guided", "lrp_epsilon"]})
    assert set(traced["refused"]) == {"guided", "lrp_epsilon"} and "SiLU" in traced["refused"]["guided"]
    assert np.abs(session.values("x", "backprop")).max() > 0 == len(session.values("x", "guided"))
    with pytest.raises(ExploreError, match="SiLU 'swish'"):
        page(net, {"grey": np.full((12, 12, 3), 127, np.uint8)})


def test_a_network_without_scores_is_refused():
    class Maps:
        card = network("tiny")[0].card

        def __call__(self, x):
            from minicnn import ReLU

            return ReLU()(x)

    with pytest.raises(ExploreError, match="no row of scores"):
        Session(Maps())
