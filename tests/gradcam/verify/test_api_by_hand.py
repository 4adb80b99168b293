"""A live model's verdict put together from its parts, and what is seen in a model, one thing at a time."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam.verify import VerifyError, api, modules, probe
from gradcam.verify.hypotheses.wrong_layer import ELSEWHERE
from gradcam.verify.report.verdict import Verdict
from gradcam.verify.testing import assert_explains, network
from tests.gradcam.verify.test_by_hand import cause
from tests.gradcam.verify.test_judge import X, net, question

# --- the verdict


@pytest.fixture
def parts(monkeypatch):
    """What each part answers; every question that is asked is noted."""
    check = SimpleNamespace(kind="equal", says="framework's fault")
    given = SimpleNamespace(
        verdicts=[], asked=[], changed=[], seen=["seen"], training=[], random=[], library="their map",
        net=SimpleNamespace(notes=["graph"], own=None, check=check),
    )  # fmt: skip

    def over_calls(
        model, made, layer, x, target, method, theirs, photo, settings, options, overwritten=False
    ):
        given.asked.append((made, layer, x, target, method, theirs, photo, settings, options, overwritten))
        return given.verdicts.pop(0)

    def seen(model, x, layer):
        given.shown = x
        return list(given.seen)

    monkeypatch.setattr(api, "pytorch_for", lambda model: None)
    monkeypatch.setattr(api, "traced", lambda model, x, gradient: ("array", given.net))
    monkeypatch.setattr(api, "over_calls", over_calls)
    monkeypatch.setattr(api, "changed_in_place", lambda model, x, layer: iter(given.changed))
    monkeypatch.setattr(api, "seen", seen)
    monkeypatch.setattr(api, "in_training_mode", lambda model: given.training)
    monkeypatch.setattr(api, "another_each_time", lambda model, x: iter(given.random))
    monkeypatch.setattr(api, "result_of", lambda *asked: given.asked.append(asked) or given.library)
    return given


def said(kind="equal", *causes, reason="because", notes=()):
    return Verdict(kind, "asked", reason=reason, causes=list(causes), notes=list(notes))


def test_a_right_map_of_a_live_model(parts):
    parts.verdicts = [said(notes=["compared"])]
    verdict = api.torch(
        "model", "x", 3, "saliency", "layer", "map", photo="photo", settings={"a": 1}, pairs=False
    )
    assert verdict.kind == "equal" and verdict.notes == ["seen", "compared", "graph"] and parts.shown is None
    assert parts.asked == [
        (
            parts.net,
            "layer",
            "array",
            3,
            "saliency",
            {"result": "map"},
            "photo",
            {"a": 1},
            {"pairs": False},
            False,
        )
    ]
    parts.verdicts = [said("unknown")]
    api.torch("model", "x", 3, result={"result": "map", "scores": 1})
    assert parts.asked[-1][5] == {"result": "map", "scores": 1} and parts.shown == "x"
    assert parts.asked[-1][4] == "grad_cam" and parts.asked[-1][8] == {}
    parts.verdicts = [said()]
    api.torch("model", "x", 3, "saliency", "layer", library="zennit", settings={"a": 1})
    library, asked = parts.asked[-2:]
    assert library == ("zennit", "model", "x", 3, "saliency", "layer", {"a": 1})
    assert asked[5] == {"result": "their map"}


def test_a_layer_that_was_written_over_is_asked_again(parts):
    elsewhere = said("differs", cause([ELSEWHERE], ["relu"], ["mistake"]))
    parts.verdicts = [elsewhere]
    assert api.torch("model", "x", 3, result="map") is elsewhere
    parts.changed = ["in place"]
    parts.verdicts = [said("differs", cause(["other"], [""], ["mistake"]))]
    api.torch("model", "x", 3, result="map")
    assert [a[-1] for a in parts.asked] == [False, False]
    again = said("differs", cause(["in-place ReLU"], [""], ["mistake"]))
    parts.verdicts = [elsewhere, again]
    assert api.torch("model", "x", 3, result="map") is again and [a[-1] for a in parts.asked[-2:]] == [
        False,
        True,
    ]
    assert parts.asked[-2][:-1] == parts.asked[-1][:-1]


def test_a_model_with_a_gradient_of_its_own(parts):
    parts.net.own = SimpleNamespace(notes=["its own"])
    wrong, right = said("unknown"), said("equal")
    parts.verdicts = [wrong, right]
    assert api.torch("model", "x", 3, result="map") is right and right.notes == ["seen", "its own"]
    assert [a[0] for a in parts.asked] == [parts.net, parts.net.own]
    parts.verdicts = [wrong, said("differs", cause(["a"], [""], ["mistake"]))]
    assert api.torch("model", "x", 3, result="map") is wrong and wrong.notes[-1] == "graph"
    for gradient, first in (("model", "unknown"), (None, "equal")):
        parts.verdicts = [said(first)]
        assert api.torch("model", "x", 3, result="map", gradient=gradient).kind == first


def test_what_is_unknown_may_be_the_models_mode_or_the_frameworks_fault(parts):
    parts.seen, parts.training = ["in training mode", "hooks"], ["in training mode"]
    parts.verdicts = [said("unknown", notes=["give more of yours"])]
    verdict = api.torch("model", "x", 3, result="map")
    assert (verdict.kind, verdict.located, verdict.reason) == ("located", "in training mode", "")
    assert verdict.notes == ["hooks", "graph"]
    for kind in ("differs", "refused"):
        parts.verdicts = [said(kind, cause(["a"], [""], ["mistake"]))]
        assert api.torch("model", "x", 3, result="map").kind == kind
    parts.training, parts.random, parts.net.check.kind = [], ["random"], "framework"
    parts.verdicts = [said("unknown")]
    assert api.torch("model", "x", 3, result="map").located == "random"
    parts.random, parts.verdicts = [], [said("unknown")]
    assert api.torch("model", "x", 3, result="map").located == "framework's fault"
    parts.net.check.kind = "equal"
    parts.verdicts = [said("unknown")]
    assert api.torch("model", "x", 3, result="map").kind == "unknown"


@pytest.fixture
def calls(monkeypatch):
    """Of a layer that is called n times: the verdict's status at each call, or VerifyError."""
    given = SimpleNamespace(answers={}, asked=[])

    def judge(q, **options):
        given.asked.append((q.at, options))
        if isinstance(answer := given.answers[q.at], VerifyError):
            raise answer
        return said(answer)

    def question(made, x, target, method, at, theirs, photo, settings):
        given.question = SimpleNamespace(at=at, given=(made, x, target, method, theirs, photo, settings))
        return given.question

    monkeypatch.setattr(api, "judge", judge)
    monkeypatch.setattr(api, "Question", question)
    monkeypatch.setattr(api, "calls_of", lambda model, made, layer: list(given.answers))
    placed = {("model", "net", "settings"): {"placed": "settings"}}
    monkeypatch.setattr(api, "placed", lambda *asked: placed[asked])
    return given


def asked_over(layer, **more):
    given = ("model", "net", layer, "x", 1, "grad_cam", "theirs", "photo", "settings")
    return api.over_calls(*given, {"seconds": 3}, **more)


def test_a_layer_that_is_called_once(calls):
    calls.answers = {"relu1": "unknown"}
    verdict = asked_over("path")
    assert verdict.notes == [] and calls.asked == [("relu1", {"seconds": 3})]
    q = calls.question
    assert q.given == ("net", "x", 1, "grad_cam", "theirs", "photo", {"placed": "settings"})
    assert (q.called, q.overwritten) == ("path", False)
    asked_over(("path", 2), overwritten=True)
    assert (calls.question.called, calls.question.overwritten) == ("path", True)
    asked_over(None)
    assert calls.question.called == ""


def test_a_layer_that_is_called_several_times(calls):
    calls.answers = {"a": "unknown", "b": VerifyError("another size"), "c": "equal", "d": "equal"}
    verdict = asked_over("path")
    assert verdict.kind == "equal" and calls.asked == [
        (at, {"seconds": 3, "pairs": False}) for at in "abc"
    ]  # fmt: skip
    assert verdict.notes[0].startswith(
        "this layer is a module that is called 4 times (a, b, c, d): every call was tried, and theirs fits "
        "call 3; say which one you mean"
    )
    calls.asked.clear()
    calls.answers = {"a": "unknown", "b": "located"}
    verdict = asked_over("path")
    assert verdict.kind == "located" and calls.asked[-1] == ("b", {"seconds": 3}) and len(calls.asked) == 3
    assert "and theirs fits none; the last one is compared here; say" in verdict.notes[0]


def test_a_question_of_a_live_model(monkeypatch):
    made = SimpleNamespace(name_of="its names")
    monkeypatch.setattr(api, "traced", lambda model, x, gradient: (f"array of {x}", made))
    monkeypatch.setattr(api, "calls_of", lambda model, net, layer: ["first", "last"])
    monkeypatch.setattr(api, "placed", lambda model, net, settings: settings)
    monkeypatch.setattr(api, "Question", lambda *given, **more: (given, more))
    given, more = api.question("model", "x", 1, "grad_cam", "layer", "theirs", "photo", "settings")
    assert given == (made, "array of x", 1, "grad_cam", "last", "theirs")
    assert more == {"names_of": "its names", "photo": "photo", "settings": "settings"}


def test_a_test_of_ones_own(monkeypatch):
    right = question("grad_cam").reference["result"]
    assert assert_explains(net(), X, 1, "grad_cam", "relu2", right).kind == "equal"
    with pytest.raises(AssertionError, match="your map has a mistake: sign flipped"):
        assert_explains(
            net(), X, 1, "gradient", result=-question("gradient").reference["result"], pairs=False
        )
    both = {"result": right, "activations": question("grad_cam").reference["activation"]}
    assert len(network(net(), X, 1, "grad_cam", "relu2", both).compared) == 2
    monkeypatch.setattr(
        api, "torch", lambda *given, **options: SimpleNamespace(status=0, given=(given, options))
    )
    live = SimpleNamespace(state_dict=None)
    verdict = assert_explains(live, X, 1, "grad_cam", "relu2", right, pairs=False)
    assert verdict.given == ((live, X, 1, "grad_cam", "relu2", right), {"pairs": False})


# --- what is seen in a live model

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402


def test_an_input_is_read_in_float64():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    x = torch.randn(1, 3, 6, 6)
    array, made = api.traced(model, x, None)
    assert array.dtype == np.float64 and np.array_equal(array, x.numpy()) and made(array).shape == (1, 4)
    assert np.array_equal(api.traced(model, x.numpy(), "model")[0], x.numpy())
    for wrong in (torch.zeros(3, 6), torch.zeros(1, 1, 3, 6, 6)):
        with pytest.raises(VerifyError, match=r"must be \(N, C, H, W\), or \(N, C, L\) for signals, not \("):
            api.traced(model, wrong, None)
    with pytest.raises(VerifyError, match=r"the model must be a torch\.nn\.Module, not str; wrap it in"):
        modules.pytorch_for("model")
    assert modules.pytorch_for(model) is torch


def test_training_mode_is_seen_where_it_matters():
    drop, norm = nn.Dropout(), nn.BatchNorm2d(3)
    of = lambda *mods: list(probe.in_training([(f"m{n}", m) for n, m in enumerate(mods)], nn))  # noqa: E731
    (dropped,) = of(drop, nn.ReLU())
    assert "its dropout is on (Dropout at 'm0')" in dropped
    (normed,) = of(nn.Conv2d(1, 1, 1), norm)
    assert "in training mode (BatchNorm2d at 'm1'): it normalises by the batch's" in normed
    assert [("dropout" in note) for note in of(norm, drop)] == [True, False]
    assert of(nn.BatchNorm2d(3, track_running_stats=False)) == of(drop.eval(), norm.eval()) == []
    assert probe.in_training_mode(nn.Sequential(nn.ReLU()).train()) == []


class Dropping(nn.Module):
    """Dropout as a function, which has no eval mode, of half of what is learned."""

    def __init__(self, p):
        super().__init__()
        self.fc, self.p = nn.Linear(3, 200), p

    def forward(self, x):
        return {"scores": nn.functional.dropout(self.fc(x.mean((2, 3))), self.p), "none": None}


def test_a_model_that_is_random_in_eval_mode_is_seen():
    x = np.random.default_rng(0).standard_normal((1, 3, 4, 4))
    (said,) = probe.another_each_time(Dropping(0.5).eval(), x)
    assert said.startswith("the model that you gave answers otherwise at every call, in eval mode, too")
    assert list(probe.another_each_time(Dropping(0.0).eval(), x)) == []
    trained = nn.Sequential(nn.Flatten(), nn.Linear(48, 4), nn.Dropout()).train()
    assert list(probe.another_each_time(trained, x)) == [] and trained[2].training


def test_hooks_shared_modules_and_frozen_or_broken_weights_are_seen():
    plain, names = nn.Conv2d(1, 1, 1), []
    for register in ("register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"):
        hooked = nn.Conv2d(1, 1, 1)
        getattr(hooked, register)(lambda *given: None)
        names += list(probe.with_hooks([("a", plain), ("b", hooked)]))
    assert len(names) == 3 and all("hooks are left on Conv2d at 'b', yours" in note for note in names)
    assert list(probe.with_hooks([("a", plain)])) == []
    relu = nn.ReLU()
    four, five = (nn.Sequential(*[relu] * n, nn.Sequential(plain)) for n in (4, 5))
    assert list(probe.at_many_places(four)) == [
        "one ReLU module stands at 4 places (0, 1, 2, 3): a hook on it sees every call"
    ]
    assert "at 5 places (0, 1, 2, 3 ...): a hook" in next(probe.at_many_places(five))
    assert list(probe.at_many_places(nn.Sequential(plain, nn.Sequential()))) == []
    box = nn.Sequential(plain)
    assert list(probe.at_many_places(nn.Sequential(box, box))) == [
        "one Conv2d module stands at 2 places (0.0, 1.0): a hook on it sees every call"
    ]
    model = nn.Conv2d(1, 1, 1)
    assert list(probe.frozen(model)) == list(probe.not_finite(model)) == list(probe.frozen(nn.ReLU())) == []
    model.weight.requires_grad_(False)
    assert list(probe.frozen(model)) == []
    model.bias.requires_grad_(False)
    assert len(list(probe.frozen(model))) == 1
    bad = nn.Sequential(*(nn.Linear(1, 1) for _ in range(6)))
    for layer in bad:
        layer.bias.data[:] = np.inf
    assert list(probe.not_finite(bad)) == ["weights hold NaN or infinity: 0.bias, 1.bias, 2.bias, 3.bias"]
    seen = probe.seen(nn.Sequential(nn.Dropout(), relu, relu).train())
    assert ["its dropout is on" in seen[0], "2 places" in seen[1], len(seen)] == [True, True, 2]


def test_replaced_functions_are_seen(monkeypatch):
    ours = SimpleNamespace(relu=torch.relu, nn=torch.nn)
    assert list(probe.replaced([], ours)) == []

    def relu(x):
        return x

    ours.relu = relu
    assert list(probe.replaced([], ours)) == [
        "torch.relu is not PyTorch's own: something has put another function in its place"
    ]
    functional = SimpleNamespace(relu=relu)
    ours.nn = SimpleNamespace(functional=functional)
    (both,) = probe.replaced([], ours)
    assert both.startswith("torch.relu and F.relu is not PyTorch's own")


def test_what_is_changed_in_place():
    class Writes(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 1)

        def forward(self, x):
            return torch.relu_(self.a(x)).mean((2, 3)) + self.b(self.a(x)).mean((2, 3))

    model, x = Writes(), torch.randn(1, 1, 4, 4).double()
    for layer in ("a", model.a, ("a", 2)):
        (note,) = probe.changed_in_place(model, x.numpy(), layer)
        assert note.startswith("the output of 'a' is changed in place by what follows it")
    assert list(probe.changed_in_place(model, x, "b")) == list(probe.changed_in_place(model, None, "a")) == []
    assert list(probe.changed_in_place(model, x, None)) == list(probe.changed_in_place(model, x, "c")) == []
    assert probe.version(x) == 0 and probe.version((x,)) is None
