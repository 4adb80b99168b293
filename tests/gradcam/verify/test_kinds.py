"""Kinds of questions that public reports ask: other layouts and calls, what is seen in the model, located."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from gradcam import verify  # noqa: E402
from gradcam.verify.report.html import as_html  # noqa: E402

CLASSES = 4


def seeded(model, seed=0):
    """Weights from a seed, large enough that no map is lost in rounding."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(
                torch.randn(p.shape, generator=g) * (2 / max(p[:1].numel(), 1) if p.ndim > 1 else 0.04) ** 0.5
            )
    return model.eval()


def picture(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def strongest(model, layer, x, read=lambda t: t, call=-1):
    """(class, its Grad-CAM before enlarging (N, h, w)) of the class whose map is largest."""
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    y = model(x)
    handle.remove()

    def of(c):
        (g,) = torch.autograd.grad(y[..., c].sum(), kept[call], retain_graph=True)
        return F.relu((read(g).mean((2, 3), keepdim=True) * read(kept[call])).sum(1)).detach()

    maps = [of(c) for c in range(y.shape[-1])]
    c = max(range(len(maps)), key=lambda c: maps[c].max().item())
    assert maps[c].any()
    return c, maps[c]


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(6, CLASSES)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.a(x)), 2)
        return self.head(self.drop(F.relu(self.b(x)).mean((2, 3))))


class Tokens(nn.Module):
    """Patches, and one more token in front, as a vision transformer has them."""

    def __init__(self, first=1):
        super().__init__()
        self.patches, self.mix, self.head = nn.Conv2d(3, 6, 4, 4), nn.Linear(6, 6), nn.Linear(6, CLASSES)
        self.first = nn.Parameter(torch.zeros(1, first, 6))

    def forward(self, x):
        h = self.patches(x).flatten(2).transpose(1, 2)
        h = torch.cat([self.first.expand(len(x), -1, -1), h], 1)
        return self.head(F.gelu(self.mix(h)).mean(1))


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("size", [(20, 28), None])
def test_tokens_are_read_as_a_picture(first, size):
    model, x = seeded(Tokens(first)), picture(1, 3, 20, 28)
    read = lambda t: t[:, first:].reshape(1, 5, 7, 6).permute(0, 3, 1, 2)  # noqa: E731
    c, cam = strongest(model, model.mix, x, read)
    if size:
        cam = F.interpolate(cam[None], size, mode="bilinear")[0]
    verdict = verify.torch(model, x, c, "grad_cam", "mix", cam)
    assert verdict.kind == "equal" and "5 x 7" in verdict.question, str(verdict)
    assert verify.torch(model, x, c, "grad_cam", "mix", cam.flip(-1), pairs=False).status == 1


class ChannelsLast(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches, self.mix, self.head = nn.Conv2d(3, 5, 4, 4), nn.Linear(5, 9), nn.Linear(9, CLASSES)

    def forward(self, x):
        return self.head(F.relu(self.mix(self.patches(x).permute(0, 2, 3, 1))).mean((1, 2)))


def test_a_layer_with_channels_last_is_read_so_and_its_activations_may_be_handed_over():
    model, x = seeded(ChannelsLast()), picture(2, 3, 16, 24)
    c, cam = strongest(model, model.mix, x, lambda t: t.permute(0, 3, 1, 2))
    A = model.mix(model.patches(x).permute(0, 2, 3, 1)).detach()
    verdict = verify.torch(model, x, c, "grad_cam", "mix", {"result": cam, "activations": A})
    assert verdict.kind == "equal" and len(verdict.compared) == 2, str(verdict)


@pytest.mark.parametrize("K, size, theirs", [(8, (6, 5), ()), (6, (8, 6), (6, 8))])
def test_usual_feature_maps_are_read_as_they_are(K, size, theirs):
    from gradcam.verify.layout import chosen
    from minicnn import Tensor

    assert chosen(Tensor(np.zeros((1, K, *size))), (32, 24), theirs) is None


def test_channels_that_the_model_moves_to_the_end_are_no_columns():
    """The map has the picture's own size, and the proportions of (K, h, w) would do, too."""
    model, x = seeded(Moved()), picture(1, 3, 6, 6)
    c, right = strongest(model, model.mix, x, lambda t: t.permute(0, 3, 1, 2))
    assert verify.torch(model, x, c, "grad_cam", "mix", right, pairs=False).kind == "equal"
    c, wrong = strongest(model, model.mix, x, lambda t: t)
    assert wrong.shape == (1, 6, 8)
    assert verify.torch(model, x, c, "grad_cam", "mix", wrong, pairs=False).status != 0


class Moved(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.mix, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Linear(8, CLASSES)

    def forward(self, x):
        return self.head(self.mix(self.conv(x).permute(0, 2, 3, 1)).mean((1, 2)))


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.head = nn.Conv1d(2, 6, 5), nn.Conv1d(6, 6, 3, stride=2), nn.Linear(6, CLASSES)

    def forward(self, x):
        return self.head(F.relu(self.b(F.relu(self.a(x)))).mean(-1))


def test_a_signal_is_a_picture_one_row_high():
    model, x = seeded(Signal()), picture(3, 2, 31)
    c, cam = strongest(model, model.b, x, lambda t: t[:, :, None])
    g = torch.autograd.grad(model(xr := x.clone().requires_grad_())[:, c].sum(), xr)[0]
    assert verify.torch(model, x, c, "gradient", None, g).kind == "equal"
    assert verify.torch(model, x, c, "grad_cam", "b", cam[:, 0]).kind == "equal"
    assert verify.torch(model, x, c, "gradient", None, g.abs()).names("absolute value")


class OneModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.head = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3), nn.Linear(6, CLASSES)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.head(self.act(self.b(self.act(self.a(x)))).mean((2, 3)))


def test_every_call_of_a_module_is_tried_unless_one_is_meant():
    model, x = seeded(OneModule()), picture(1, 3, 12, 14)
    c, last = strongest(model, model.act, x)
    _, first = strongest(model, model.act, x, call=0)
    either = verify.torch(model, x, c, "grad_cam", model.act, last)
    assert either.kind == "equal" and "called 2 times" in either.notes[0] and "call 2" in either.notes[0]
    assert verify.torch(model, x, c, "grad_cam", (model.act, 2), last).kind == "equal"
    assert not verify.torch(model, x, c, "grad_cam", ("act", 1), last, pairs=False)
    assert first.shape != last.shape
    with pytest.raises(verify.VerifyError, match="there is no call 3"):
        verify.torch(model, x, c, "grad_cam", (model.act, 3), last)


def test_what_is_seen_in_the_model_is_said_and_it_stays_as_it_was():
    model, x = seeded(Plain()), picture(1, 3, 12, 12)
    c, cam = strongest(model, model.b, x)
    model.a.register_forward_hook(lambda module, inputs, output: None)
    for p in model.parameters():
        p.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    verdict = verify.torch(model.train(), x, c, "grad_cam", "b", cam * picture(*cam.shape), pairs=False)
    assert verdict.kind == "located" and "model.eval()" in str(verdict).splitlines()[0], str(verdict)
    assert any("hooks are left on Conv2d at 'a'" in n for n in verdict.notes)
    assert any("frozen" in n for n in verdict.notes) and model.training
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    silent = verify.torch(seeded(Plain()), x, c, "grad_cam", "b", cam)
    assert silent.kind == "equal" and not silent.notes


class Squeezed(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = Plain()
        self.body.head = nn.Linear(6, classes)

    def forward(self, x):
        return self.body(x).squeeze()


@pytest.mark.parametrize("classes, pictures, c", [(1, 1, 0), (1, 3, 0), (4, 1, 2)])
def test_squeezed_scores_are_understood(classes, pictures, c):
    model, x = seeded(Squeezed(classes)), picture(pictures, 3, 12, 12)
    y = model(xr := x.clone().requires_grad_())
    g = torch.autograd.grad((y if classes == 1 else y[c]).sum(), xr)[0]
    assert verify.torch(model, x, c, "gradient", None, g).kind == "equal"


def test_several_inputs_and_functions_are_refused_with_the_lines_that_wrap_them():
    x = picture(1, 3, 12, 12)
    for model, given in ((Plain(), (x, x)), (Plain(), {"left": x, "right": x}), (lambda x: x, x)):
        with pytest.raises(verify.VerifyError, match=r"wrap it in a torch\.nn\.Module"):
            verify.torch(model, given, 0, "gradient", None, x)


def test_a_map_of_their_own_picture_is_right_for_that_picture():
    model, x, theirs = seeded(Plain()), picture(1, 3, 12, 12), picture(1, 3, 12, 12, seed=9)
    g = torch.autograd.grad(model(xr := theirs.clone().requires_grad_())[0, 1], xr)[0]
    verdict = verify.torch(model, x, 1, "gradient", None, {"result": g, "input": theirs}, pairs=False)
    assert verdict.kind == "located" and verdict.status == 1 and not verdict.causes
    assert "for the picture that you fed, your map is right" in str(verdict).splitlines()[0]
    wrong = {"result": g * picture(*g.shape), "input": theirs}
    assert not verify.torch(model, x, 1, "gradient", None, wrong, pairs=False).located


def test_weights_that_are_right_leave_the_sum():
    model, x = seeded(Plain()), picture(1, 3, 12, 12)
    c, cam = strongest(model, model.b, x)
    q = verify.Question(*_asked(model, x, c))
    w, noise = q.reference["weights"], picture(*cam.shape).numpy()
    said = verify.torch(model, x, c, "grad_cam", "b", {"result": cam * noise, "weights": w}, pairs=False)
    assert "your weights are right; your sum" in said.located
    other = w * (1 + picture(*w.shape).numpy())
    summed = np.maximum((other * q.reference["activation"]).sum(1), 0)
    said = verify.torch(model, x, c, "grad_cam", "b", {"result": summed, "weights": other}, pairs=False)
    assert "the sum that you make with them is right" in said.located, str(said)


def _asked(model, x, c):
    from gradcam.verify.api import traced

    array, net = traced(model, x, None)
    return net, array, c, "grad_cam", net.name_of("b")


def test_a_report_escapes_all_that_it_is_given():
    q = verify.judge(
        verify.Question(*_asked(seeded(Plain()), picture(1, 3, 12, 12), 0), {"result": np.ones((1, 6, 6))}),
        pairs=False,
    )
    evil = "<script>alert('&')</script>"
    q.question = q.reason = q.located = q.confidence = q.stage = evil
    q.notes, q.ruled_out = [evil], [(evil, 1.0)]
    for c in q.compared:
        c.stage = c.mark = evil
    page = as_html(q)
    assert evil not in page and "<script" not in page and page.count("&lt;script&gt;") >= 6


def test_what_rounding_moves_by_more_than_a_hundredth_is_never_called_equal(monkeypatch):
    from gradcam.verify import judging

    monkeypatch.setattr(judging, "amplification", lambda q, steps: dict.fromkeys(steps, 1e5))
    model, x = seeded(Plain()), picture(1, 3, 12, 12)
    c, cam = strongest(model, model.b, x)
    spread = 0.05 * cam.max() * picture(*cam.shape).sign()
    verdict = verify.torch(model, x, c, "grad_cam", "b", cam + spread)
    assert verdict.kind == "imprecise" and verdict.status == 2 and "too imprecise" in str(verdict)
    assert verify.torch(model, x, c, "grad_cam", "b", cam).kind == "equal"


class InPlace(Plain):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.a(x)), 2)
        return self.head(self.relu(self.b(x)).mean((2, 3)))


class GuidedReLU(nn.Module):
    """What a library left in place of a ReLU."""

    def forward(self, x):
        return x.clamp(min=0)


def test_a_map_of_what_an_in_place_relu_wrote_over_is_named():
    model, x, kept = seeded(InPlace()), picture(1, 3, 12, 12), {}
    handle = model.b.register_forward_hook(lambda m, inputs, output: kept.update(A=output))
    y = model(x)
    handle.remove()
    (g,) = torch.autograd.grad(y[0, 1], kept["A"])
    theirs = (g.mean((2, 3), keepdim=True) * kept["A"]).sum(1).relu().detach()
    verdict = verify.torch(model, x, 1, "grad_cam", "b", theirs)
    assert str(verdict.causes[0]) == "in-place ReLU: what the hook kept is its output, no longer the layer's"
    assert not verdict.names("another layer") and "return output.clone()" in verdict.causes[0].fix
    model.relu = nn.ReLU()
    assert verify.torch(model, x, 1, "grad_cam", "b", theirs).names("another layer than")


def test_what_changes_the_layers_output_in_place_and_replaced_relus_are_seen():
    model, x = seeded(InPlace()), picture(1, 3, 12, 12)
    wrong = picture(1, 6, 6)
    verdict = verify.torch(model, x, 0, "grad_cam", "b", wrong, pairs=False)
    assert any("'b' is changed in place by what follows it" in n for n in verdict.notes), str(verdict)
    assert not any(
        "in place" in n for n in verify.torch(model, x, 0, "grad_cam", "relu", wrong, pairs=False).notes
    )
    model.relu = GuidedReLU()
    notes = verify.torch(model, x, 0, "grad_cam", "b", wrong, pairs=False).notes
    assert any("ReLUs are replaced: GuidedReLU at 'relu'" in n for n in notes)
    assert not any("in place" in n for n in notes)


def test_shapes_that_no_cause_explains_are_a_verdict():
    model, x = seeded(Plain()), picture(1, 3, 12, 12)
    verdict = verify.torch(model, x, 0, "grad_cam", "b", picture(1, 12, 12)[..., :9].abs(), pairs=False)
    assert verdict.kind == "refused" and verdict.status == 2 and "(1, 12, 9)" in verdict.reason
    over_photo = verify.torch(
        model, x, 0, "grad_cam", "b", picture(12, 12, 3).abs().clamp(max=1), pairs=False
    )
    assert any("over its photo" in n for n in over_photo.notes), str(over_photo)


ROOM = np.arange(3 * 20 * 28).reshape(1, 3, 20, 28) * 97 % 256  # a picture in bytes, RGB
TAKES = {  # what a network takes, and what it is fed instead: f(bytes) -> x
    "ImageNet instead of Caffe": (
        lambda p: p[:, ::-1] - np.array([103.939, 116.779, 123.68])[:, None, None],
        lambda p: (
            (p / 255 - np.array([0.485, 0.456, 0.406])[:, None, None])
            / np.array([0.229, 0.224, 0.225])[:, None, None]
        ),
    ),
    "0.5's, where the network takes 0 to 1": (lambda p: p / 255, lambda p: p / 127.5 - 1),
    "CIFAR-10 instead of CLIP": (
        lambda p: (
            (p / 255 - np.array([0.48145466, 0.4578275, 0.40821073])[:, None, None])
            / np.array([0.26862954, 0.26130258, 0.27577711])[:, None, None]
        ),
        lambda p: (
            (p / 255 - np.array([0.4914, 0.4822, 0.4465])[:, None, None])
            / np.array([0.2470, 0.2435, 0.2616])[:, None, None]
        ),
    ),
}


def test_a_relu_on_maps_that_go_below_zero_is_named():
    model = seeded(
        nn.Sequential(nn.Conv2d(3, 6, 3), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))
    )
    x = picture(1, 3, 16, 16)
    c, _ = strongest(model, model[1], x)
    A = model[:2](x).detach()
    wrong = F.relu((model[4].weight[c].detach()[None, :, None, None] * F.relu(A)).sum(1)) / A[0, 0].numel()
    assert A.min() < 0
    verdict = verify.torch(model, x, c, "grad_cam", "1", wrong.numpy())
    assert verdict.kind == "differs" and verdict.names("ReLU on the feature maps"), str(verdict)


@pytest.mark.parametrize("detail", TAKES)
def test_the_picture_tells_how_it_was_normalised(detail):
    wanted, fed = (torch.from_numpy(f(ROOM).copy()).float() for f in TAKES[detail])
    model = seeded(Plain())
    c, wrong = strongest(model, model.b, fed)
    verdict = verify.torch(model, wanted, c, "grad_cam", "b", wrong.numpy())
    assert any(f"another mean and deviation ({detail})" == str(cause) for cause in verdict.causes), str(
        verdict
    )
    assert "Caffe take BGR" in str(verdict) if "Caffe" in detail else "transforms.Normalize" in str(verdict)


def test_channels_that_were_scaled_apart_are_said():
    model, x = seeded(Plain()), picture(1, 3, 20, 28).requires_grad_()
    (g,) = torch.autograd.grad(model(x)[:, 1].sum(), x)
    low, high = g.amin((-2, -1), keepdim=True), g.amax((-2, -1), keepdim=True)
    stretched = (g - low) / (high - low)
    verdict = verify.torch(model, x, 1, "gradient", result=stretched.numpy(), pairs=False)
    assert verdict.names("every channel scaled by itself (stretched from minimum to maximum)"), str(verdict)
    verdict = verify.torch(model, x, 1, "gradient", result=(high - g).numpy(), pairs=False)
    assert verdict.names("the largest value of every channel minus the channel"), str(verdict)


def test_a_right_gradient_leaves_what_is_done_to_it_before_its_mean():
    model, x = seeded(Plain()), picture(1, 3, 20, 28)
    A = model.b(F.max_pool2d(F.relu(model.a(x)), 2))
    (g,) = torch.autograd.grad(model.head(F.relu(A).mean((2, 3)))[:, 1].sum(), A)
    cam = F.relu((g.abs().mean((2, 3), keepdim=True) * A).sum(1)).detach().numpy()
    given = {"result": cam, "gradient": g, "activations": A.detach()}
    verdict = verify.torch(model, x, 1, "grad_cam", "b", given, pairs=False)
    assert verdict.names("absolute value of the gradient before its mean"), str(verdict)


def test_probabilities_are_no_scores_and_hide_no_cause():
    model, x = seeded(Plain()), picture(1, 3, 20, 28)
    A = model.b(F.max_pool2d(F.relu(model.a(x)), 2))
    p = torch.sigmoid(model.head(F.relu(A).mean((2, 3))))
    (g,) = torch.autograd.grad(p[:, 1].sum(), A)
    cam = F.relu((g.mean((2, 3), keepdim=True) * A).sum(1)).detach().numpy()
    verdict = verify.torch(model, x, 1, "grad_cam", "b", {"result": cam, "scores": p.detach()}, pairs=False)
    assert verdict.names("sigmoid instead of scores") and "what a sigmoid makes of" in str(verdict)


def test_what_was_turned_by_a_quarter_is_said():
    model, x = seeded(Plain()), picture(1, 3, 24, 24)
    c, right = strongest(model, model.b, x)
    verdict = verify.torch(model, x, c, "grad_cam", "b", right.rot90(1, (-2, -1)).numpy(), pairs=False)
    assert verdict.names("map turned by 90 degrees (to the left)"), str(verdict)
    A = model.b(F.max_pool2d(F.relu(model.a(x.rot90(-1, (-2, -1)))), 2))
    (g,) = torch.autograd.grad(model.head(F.relu(A).mean((2, 3)))[:, c].sum(), A)
    cam = F.relu((g.mean((2, 3), keepdim=True) * A).sum(1)).detach().numpy()
    verdict = verify.torch(model, x, c, "grad_cam", "b", cam, pairs=False)
    assert verdict.names("picture turned or upside down (by 90 degrees to the right)"), str(verdict)


def test_only_relus_of_somebody_else_are_called_replaced():
    from gradcam.verify.probe import replaced

    class GuidedReLU(torch.nn.Module):
        pass

    class ReLUBlock(torch.nn.Sequential):
        pass

    class Block(torch.nn.Module):
        pass

    own, block = GuidedReLU(), ReLUBlock(torch.nn.ReLU())
    for modules in ([("", own)], [("a", torch.nn.ReLU())], [("a", block)], [("a", Block()), ("", Block())]):
        assert not [*replaced(modules, torch)], modules
    assert "GuidedReLU at 'a'." in next(iter(replaced([("a", own)], torch)))


@pytest.fixture(scope="module")
def plain():
    """(model, its input, a class, its map in float32 before enlarging)."""
    model, x = seeded(Plain()), picture(1, 3, 24, 20)
    return model, x, *strongest(model, model.b, x)


def enlarged(m, **how):
    return F.interpolate(m[None], (24, 20), mode="bilinear", **how)[0]


def test_a_float32_map_that_was_enlarged_in_float64_is_not_called_wrong(plain):
    model, x, c, right = plain
    ask = lambda m, **how: verify.torch(model, x, c, "grad_cam", "b", m.numpy(), **how)  # noqa: E731
    double = enlarged(right.double())
    assert not np.array_equal(double.numpy().astype(np.float32), double.numpy())
    verdict = ask(double)
    assert verdict.kind == "imprecise" and "the reference's to float32's rounding" in verdict.reason
    assert 2**-27 < verdict.compared[0].difference.relative < 2e-6
    wrong = ask(enlarged(right.double(), align_corners=True))
    assert wrong.names("upsampled with aligned corners"), str(wrong)
    assert any(note.startswith("compared to float32's rounding") for note in wrong.notes)
    assert ask(double + 1e-4 * double.max(), pairs=False).kind == "unknown"


def test_a_map_that_was_scaled_before_it_was_enlarged_is_right_in_another_scale(plain):
    model, x, c, right = plain
    double = right.double() / right.double().max()
    exact = verify.torch(model, x, c, "grad_cam", "b", enlarged(double).numpy())
    assert exact.kind == "imprecise" and "in another scale" in exact.reason, str(exact)
    for m in (right, 1e-3 * right):
        verdict = verify.torch(model, x, c, "grad_cam", "b", enlarged(m / m.max()).numpy())
        assert verdict.kind == "convention", str(verdict)
        said = {name for cause in verdict.causes for name in cause.names} | {*verdict.notes}
        assert "map divided by its maximum before upsampling" in said, str(verdict)
        assert "1e-7" not in verdict.causes[0].names[0], str(verdict)


def test_bfloat16_is_compared_as_it_was_kept_and_a_lone_picture_is_told_what_it_lacks(plain):
    model, x, c, right = plain
    of = lambda x, m: verify.torch(model, x, c, "grad_cam", "b", m, pairs=False)  # noqa: E731
    assert of(x, right.bfloat16()).reason.startswith("equal as far as it was kept, in bfloat16")
    assert of(x, 2 * right.bfloat16()).kind == "differs"
    exact = x.bfloat16()
    _, kept = strongest(model, model.b, exact.float())
    assert kept.max() > 0 and of(exact, kept).kind == "equal"
    with pytest.raises(verify.VerifyError, match=r"does not run .*; a picture \(C, H, W\) .*, x\[None\]"):
        of(x[0], right)
