"""Each relative against independent implementations, on three networks in float64 ->
tests/results/relatives.md

    python -m tests.gradcam.methods.relatives                        # all three networks: minutes
    python -m tests.gradcam.methods.relatives --only mini_vgg

Where a library departs from the paper, so does ours, by an option or by a line below, until both agree: that
proves the reason.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

import weights
from gradcam import explain
from gradcam.image import prepare
from gradcam.interpolation import upsample
from gradcam.method import pixel_range
from gradcam.methods.ablation_cam import ablation_cam
from gradcam.methods.batching import gradients, numbers
from gradcam.methods.deep_lift import deep_lift
from gradcam.methods.eigen_cam import eigen_cam
from gradcam.methods.excitation_backprop import excitation_backprop
from gradcam.methods.full_grad import full_grad
from gradcam.methods.grad_cam_pp import grad_cam_pp
from gradcam.methods.hirescam import hirescam
from gradcam.methods.integrated_gradients import integrated_gradients, quadrature
from gradcam.methods.layercam import layercam
from gradcam.methods.lrp import lrp
from gradcam.methods.relevance import alpha_beta, epsilon, flat, gamma, table, z_box
from gradcam.methods.score_cam import score_cam, stretched
from gradcam.methods.smoothgrad import smoothgrad
from gradcam.methods.xgrad_cam import xgrad_cam
from minicnn import Softmax, Tensor, backward, find, names, one_hot
from tests.gradcam.methods import witnesses as of
from tests.support import torch_modules
from tests.support.compare import relative
from tests.support.data import DATA

LIMIT = 1e-8
STEPS, DRAWS, NOISE = 20, 10, 0.15
EPS = 1e-6


class Subject:
    """A network in float64, one input, the class that it sees, and the same network in PyTorch."""

    def __init__(self, net, x, layer, model):
        self.net, self.x, self.model, self.module = (
            net.astype(np.float64),
            x.astype(np.float64),
            model,
            model.get_submodule(layer),
        )
        self.input = Tensor(self.x, "x")
        self.y = self.net(self.input)
        self.c, self.A, self.layer = int(self.y.data[0].argmax()), find(self.y, layer), layer
        self.pixels = pixel_range(self.x, net.card)
        same = relative(self.y.data, model(torch.as_tensor(self.x)).detach().numpy())
        assert same < 1e-12, f"the two networks differ by {same:.1e}"


def mini_vgg(side=32):
    """The shipped network, on noise around a wave: no window has a tie."""
    net = weights.load("mini_vgg")
    i, j = np.mgrid[:side, :side] / side
    wave = np.stack([np.sin(9 * i + 5 * j), np.cos(7 * j), np.sin(3 * i * j)])[None]
    x = wave + 0.3 * np.random.default_rng(0).standard_normal(wave.shape)
    arrays = {name: t.data for name, t in net.arrays().items()}
    return Subject(net, x, "relu4_2", torch_modules.mini_vgg(arrays))


def resnet56():
    """Idelbayev's weights, on the first picture of CIFAR-10's test set."""
    path = DATA / "weights/resnet56-4bfd9763.th"
    net = weights.load("resnet56", path)
    with np.load(DATA / "images/cifar10_test.npz") as file:
        x = prepare(file["images"][0], net.card.preprocessing)
    published = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    return Subject(net, x, "layer3.8", torch_modules.cifar_resnet(9, published))


def squeezenet():
    """The published weights, on the middle of a photo, without ties."""
    from tests.support.photos import squeezenet_weights
    from tests.support.squeezenet_agreement import photo

    net = weights.load("squeezenet", DATA / "weights/squeezenet_v1_0.npz")
    return Subject(
        net, photo(162)[..., 80:147, 80:147], "fire9", torch_modules.squeezenet(squeezenet_weights())
    )


SUBJECTS = {"mini_vgg": mini_vgg, "resnet56": resnet56, "squeezenet": squeezenet}


# --- what libraries do differently, as lines of ours


def undivided(s):
    """Grad-CAM++ without a denominator: w_k = sum ReLU(g)^3."""
    g = backward(s.y, one_hot(s.y, s.c), s.A)
    w = (np.maximum(g, 0) ** 3).sum(axis=(-2, -1), keepdims=True)
    return np.maximum((w * s.A.data).sum(axis=1), 0)


def normalised_first(s):
    """Score-CAM with maps brought to 0..1 before they are enlarged."""
    return score_cam_through(s, upsample(to_one(s.A.data[0]), s.x.shape[-2:]))


def corner_to_corner(s):
    """Score-CAM with maps whose first and last values are put at the very edges."""
    return score_cam_through(s, to_one(upsample(s.A.data[0], s.x.shape[-2:], "corner_aligned")))


def to_one(H):
    low, high = H.min(axis=(1, 2), keepdims=True), H.max(axis=(1, 2), keepdims=True)
    return (H - low) / (high - low + 1e-8)


def score_cam_through(s, masks):
    scores = np.concatenate([numbers(s.net, (H * s.x)[None], s.c)[0] for H in masks])
    return np.maximum((Softmax()(scores[None])[0][:, None, None] * s.A.data[0]).sum(axis=0), 0)[None]


def weights_in_single(rule):
    """Integrated Gradients whose weights were rounded to float32."""

    def departed(s):
        places, w = quadrature(STEPS, rule)
        g = gradients(s.net, np.stack([a * s.x for a in places]), s.c, "score")
        return s.x * sum(float(np.float32(w)) * g for w, g in zip(w, g))

    return departed


def eigen_up_to_sign(s):
    """The projection with the sign that the library's decomposition happened to have, cut at 0."""
    M = s.A.data[0].reshape(s.A.shape[1], -1).T
    M = M - M.mean(axis=0)
    found = eigen_cam(s.A, centre=True)
    same = np.sum((M @ np.linalg.svd(M)[2][0]).reshape(found.shape) * found) > 0
    return np.maximum(found if same else -found, 0)


@dataclass(frozen=True)
class Row:
    """ours(subject): as the paper has it.  theirs: of `witnesses`.

    convention: how the library departs, and `departed` ours with it.
    """

    method: str
    library: str
    theirs: object
    ours: object
    convention: str = ""
    departed: object = None


def rules(conv, linear=None, first=None):
    return lambda s: lrp(s.y, s.c, s.input, table(conv, linear), first=first(s) if first else None)


def zennit_box(s):
    low, high = (torch.as_tensor(v)[None] for v in s.pixels)
    return of.zennit_lrp(lambda r: r.Gamma(0.25), lambda r: r.Epsilon(EPS), lambda r: r.ZBox(low, high))


def variant(name, layer=None, **options):
    """A variant, as `explain` has it."""
    return lambda s: explain(s.net, s.x, s.c, name, layer or s.layer, options={name: options})[name]


def eigen_smooth_either_way(kind):
    """pytorch-grad-cam's sign is left to chance: the map of the sign that it took, both clipped at 0."""

    def departed(s):
        signed = variant(f"eigen_smooth_{kind}", relu=False)(s)
        theirs = of.pytorch_grad_cam(LIBRARY[kind], eigen_smooth=True)(s.model, s.x, s.c, s.module)
        return min((np.maximum(v, 0) for v in (signed, -signed)), key=lambda v: abs(v - theirs).max())

    return departed


def two_layers(s):
    """The subject's layer, and an earlier one."""
    return [next(name for name in EARLIER if name in names(s.y)), s.layer]


EARLIER = ("relu2_2", "layer1.8", "fire4")
LIBRARY = {"grad_cam": "GradCAM", "layercam": "LayerCAM"}


def full_grad_as_pytorch_grad_cam(s):
    return stretched(full_grad(s.y, s.c, s.input, rescale="map", eps=1e-7), 1e-7)


def rows(s):
    """Every comparison for one network."""
    y, c, A, x, net = s.y, s.c, s.A, s.x, s.net
    sigma = NOISE * float(x.max() - x.min())
    drawn = np.random.default_rng(0).standard_normal((DRAWS, *x.shape[1:]))
    first_gamma = [lambda r: r.Gamma(0.25), lambda r: r.Epsilon(EPS)]
    ours_gamma = (gamma(0.25), epsilon(EPS))
    single = "the weights of the steps are rounded to float32"
    return [
        Row("Grad-CAM++", "pytorch-grad-cam", of.pytorch_grad_cam("GradCAMPlusPlus"), lambda s: grad_cam_pp(y,
        c, A),
            "1e-6 in the denominator, as large as g^2 itself", lambda s: grad_cam_pp(y, c, A, eps=1e-6)),
        Row("Grad-CAM++", "torch-cam", of.torch_cam("GradCAMpp"), lambda s: grad_cam_pp(y, c, A),
            "divides a copy, so that weights are sums of ReLU(g)^3", undivided),
        Row("XGrad-CAM", "pytorch-grad-cam", of.pytorch_grad_cam("XGradCAM"), lambda s: xgrad_cam(y, c, A),
            "1e-7 in the denominator", lambda s: xgrad_cam(y, c, A, eps=1e-7)),
        Row("XGrad-CAM", "torch-cam", of.torch_cam("XGradCAM"), lambda s: xgrad_cam(y, c, A),
            "1e-8 in the denominator", lambda s: xgrad_cam(y, c, A, eps=1e-8)),
        Row("HiResCAM", "pytorch-grad-cam", of.pytorch_grad_cam("HiResCAM"), lambda s: hirescam(y, c, A),
            "a ReLU at the end", lambda s: hirescam(y, c, A, relu=True)),
        Row("LayerCAM", "pytorch-grad-cam", of.pytorch_grad_cam("LayerCAM"), lambda s: layercam(y, c, A)),
        Row("LayerCAM", "torch-cam", of.torch_cam("LayerCAM"), lambda s: layercam(y, c, A)),
        Row("Eigen-CAM", "pytorch-grad-cam", of.pytorch_grad_cam("EigenCAM"), lambda s: eigen_cam(A),
            "columns lose their mean, the sign is left to chance, a ReLU at the end", eigen_up_to_sign),
        Row("Score-CAM", "pytorch-grad-cam", of.pytorch_grad_cam("ScoreCAM"), lambda s: score_cam(net, x, c,
        A),
            "maps are enlarged corner to corner, with 1e-8 in the denominator", corner_to_corner),
        Row("Score-CAM", "torch-cam", of.torch_cam("ScoreCAM"), lambda s: score_cam(net, x, c, A),
            "maps are brought to 0..1 before they are enlarged, with 1e-8 in the denominator",
            normalised_first),
        Row("Ablation-CAM", "pytorch-grad-cam", of.pytorch_grad_cam("AblationCAM"), lambda s: ablation_cam(y,
        c, A)),
        Row("SmoothGrad", "captum", of.captum_smoothgrad(drawn, sigma), lambda s: smoothgrad(net, x, c, DRAWS,
        NOISE)),
        Row("Integrated Gradients, Gauss", "captum", of.captum_integrated_gradients(STEPS, "gausslegendre"),
            lambda s: integrated_gradients(net, x, c, steps=STEPS), single, weights_in_single("gauss")),
        Row("Integrated Gradients, eq. 3", "captum", of.captum_integrated_gradients(STEPS, "riemann_right"),
            lambda s: integrated_gradients(net, x, c, steps=STEPS, rule="right"), single,
            weights_in_single("right")),
        Row("SmoothGrad-Squared", "captum", of.captum_smoothgrad(drawn, sigma, "smoothgrad_sq"),
            variant("smoothgrad_sq_gradient", n=DRAWS, noise=NOISE)),
        Row("VarGrad", "captum", of.captum_smoothgrad(drawn, sigma, "vargrad"),
            variant("vargrad_gradient", n=DRAWS, noise=NOISE)),
        Row("Grad-CAM, SmoothGrad", "captum", of.captum_noisy_grad_cam(drawn, sigma, "smoothgrad"),
            variant("smoothgrad_grad_cam", n=DRAWS, noise=NOISE)),
        Row("FullGrad", "authors' code, by autograd", of.full_grad_by_autograd,
            lambda s: full_grad(y, c, s.input), "maps are enlarged corner to corner",
            lambda s: full_grad(y, c, s.input, upsampling="corner_aligned")),
        Row("FullGrad", "pytorch-grad-cam", of.whole_of_pytorch_grad_cam("FullGrad", []),
            lambda s: full_grad(y, c, s.input), "each map is brought to 0..1 alone, then their sum, with "
            "1e-7 in the denominator", full_grad_as_pytorch_grad_cam),
        Row("DeepLIFT, rescale", "own, by autograd", of.deep_lift_by_autograd,
            lambda s: deep_lift(net, x, c)),
        *([] if any(isinstance(m, torch.nn.MaxPool2d) for m in s.model.modules()) else
          [Row("DeepLIFT, rescale", "captum", of.captum_deep_lift, lambda s: deep_lift(net, x, c))]),
        *(Row(f"{title}, eigen_smooth", "pytorch-grad-cam",
              of.pytorch_grad_cam(LIBRARY[kind], eigen_smooth=True), variant(f"eigen_smooth_{kind}"),
              "the sign is left to chance", eigen_smooth_either_way(kind))
          for title, kind in (("Grad-CAM", "grad_cam"), ("LayerCAM", "layercam"))),
        Row("Grad-CAM, aug_smooth", "pytorch-grad-cam",
            of.whole_of_pytorch_grad_cam("GradCAM", aug_smooth=True), variant("aug_smooth_grad_cam"),
            "1e-7 in the denominator", variant("aug_smooth_grad_cam", eps=1e-7)),
        Row("LayerCAM, fused", "pytorch-grad-cam", of.whole_of_pytorch_grad_cam("LayerCAM", two_layers(s)),
            variant("fused_layercam", two_layers(s)),
            "1e-7 in the denominator", variant("fused_layercam", two_layers(s), eps=1e-7)),
        Row("LRP, epsilon", "zennit", of.zennit_lrp(lambda r: r.Epsilon(EPS), lambda r: r.Epsilon(EPS)),
        rules(epsilon(EPS))),
        Row("LRP, gamma", "zennit", of.zennit_lrp(*first_gamma), rules(*ours_gamma)),
        Row("LRP, alpha 2 beta 1", "zennit", of.zennit_lrp(lambda r: r.AlphaBeta(2, 1),
        lambda r: r.AlphaBeta(2, 1)), rules(alpha_beta())),
        Row("LRP, z-box below gamma", "zennit", zennit_box(s), rules(*ours_gamma,
        lambda s: z_box(*s.pixels))),
        Row("LRP, flat below gamma", "zennit", of.zennit_lrp(*first_gamma, lambda r: r.Flat()),
        rules(*ours_gamma, lambda s: flat())),
        Row("excitation backprop", "zennit", of.zennit_excitation_backprop, lambda s: excitation_backprop(y,
        c, A)),
    ]  # fmt: skip


def compared(s, row):
    """(distance as the paper has it, distance when ours departs as the library does, or None), relative L2"""
    theirs = row.theirs(s.model, s.x, s.c, s.module)
    return relative(row.ours(s), theirs), relative(row.departed(s), theirs) if row.departed else None


def agrees(plain, departed):
    """Whether ours is theirs to rounding, with its convention if that is another."""
    return min(plain, plain if departed is None else departed) <= LIMIT


HEAD = """\
# Grad-CAM's relatives against independent implementations

Made by `python -m tests.gradcam.methods.relatives`.  Float64, relative L2 distance of raw maps, for the class
that the network sees; a reference that is zero fails.  Where a library departs from the paper, the second
distance is that of ours with the same departure: so the reason is proved, not supposed.  Where it says no
departure, the conventions are the same.  A map passes within {limit:.0e}.

| method | network | library | distance | the library departs: | then |
| --- | --- | --- | ---: | --- | ---: |
"""


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m tests.gradcam.methods.relatives", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--only", nargs="+", choices=SUBJECTS, default=list(SUBJECTS))
    parser.add_argument("--out", type=Path, default=Path("tests/results/relatives.md"))
    asked = parser.parse_args(arguments)
    lines, failed = {}, []
    for name in asked.only:
        s = SUBJECTS[name]()
        for row in rows(s):
            plain, departed = compared(s, row)
            if not agrees(plain, departed):
                failed.append(f"{row.method} on {name}, {row.library}")
            told = (f"{plain:.0e}", row.convention, "" if departed is None else f"{departed:.0e}")
            lines.setdefault((row.method, row.library), []).append(
                f"| {row.method} | {name} | {row.library} | {' | '.join(told)} |"
            )
            print(lines[row.method, row.library][-1], flush=True)
    text = HEAD.format(limit=LIMIT) + "\n".join(line for some in lines.values() for line in some) + "\n"
    text += f"\nNot explained: {', '.join(failed) or 'none'}.\n"
    asked.out.write_text(text, "utf-8")
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())
