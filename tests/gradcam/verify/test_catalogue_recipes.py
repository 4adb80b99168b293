"""The recipes of scripts and libraries, whose maps are made once more in plain NumPy and by PIL."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from gradcam.verify.hypotheses import recipes
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.hypotheses.hypothesis import DoesNotApply
from gradcam.verify.reference.run import Run
from tests.gradcam.verify.test_catalogue_elsewhere import question
from tests.gradcam.verify.test_catalogue_entries import (
    ALPHA,
    CAMS2,
    GUIDED,
    OF,
    ONE,
    RELU,
    A,
    C,
    G,
    P,
    S,
    Y,
    aligned,
    back,
    cam,
    eigen,
    enlarged,
    half_pixel,
    mean,
    nearest,
    pil,
    six,
)
from tests.gradcam.verify.test_catalogue_relevance import epsilon, lrp, plain

G2 = OF["fc.W"][[C]][..., None, None] / 24 * np.ones_like(S.z2)  # the gradient at relu2
SUM = (G2 * CAMS2.A).sum(1)  # Grad-CAM before its ReLU, at relu2
SOFT = back(S, P[0, C] * (ONE - P))[0]  # the gradient of the probability


def barely(m, eps=1e-7):
    """Stretched, something added below."""
    low = m.min((-2, -1), keepdims=True)
    return (m - low) / (m.max((-2, -1), keepdims=True) - low + eps)


def as_bytes(m):
    """In 256 steps, enlarged by PIL, 0 to 1."""
    steps = np.uint8(255 * (m - m.min()) / np.ptp(m))
    return np.asarray(Image.fromarray(steps[0]).resize((8, 12), Image.LANCZOS))[None] / 255


def gated(g):
    return mean((2, 3), g * (g > 0) * (A > 0))


def projected(terms):
    M = terms[0].reshape(6, -1).T
    M = M - M.mean(0)
    v = (M @ np.linalg.svd(M)[2][0]).reshape(1, *terms.shape[2:])
    return v, -v


EXPECTED = {
    ("grad_cam", "relu2", "pytorch-cnn-visualizations: started at ones"): [as_bytes(RELU(1 + SUM))],
    ("guided_grad_cam", "relu2", "pytorch-cnn-visualizations: guided"):
        [GUIDED * as_bytes(RELU(1 + SUM))[:, None]],
    ("guided_grad_cam", "relu2", "kazuto1011"):
        [GUIDED * barely(enlarged(half_pixel), 0)[:, None]],
    ("grad_cam", "relu2", "pytorch-grad-cam: stretched"): [barely(enlarged(half_pixel, barely(RELU(SUM))))],
    ("grad_cam", "relu2", "pytorch-grad-cam with aug_smooth"): [six(barely)],
    ("grad_cam", "relu1", "pytorch-grad-cam with eigen_smooth"): [RELU(m) for m in projected(ALPHA * A)],
    ("eigen_cam", "relu1", "pytorch-grad-cam's Eigen-CAM"): [RELU(m * eigen(centre=True)) for m in (1, -1)],
    ("lrp_epsilon", "relu1", "zennit"): [lrp(epsilon(), mean=plain)] * 3
        + [lrp(epsilon(), mean=plain, gates=(S.z1 > 0, S.z2 > 0))],
    ("grad_cam", "relu2", "torch-cam's overlay"): [enlarged(pil(Image.BICUBIC), barely(RELU(SUM), 1e-8))],
    ("grad_cam", "relu1", "tf-explain: gradient"): [(gated(G) * A).sum(1)],
    ("grad_cam", "relu1", "tf-explain, of a model"): [(gated(SOFT) * A).sum(1)],
    ("grad_cam", "relu2", "tf-keras-vis"): [barely(enlarged(aligned))],
    ("grad_cam", "relu1", "keras.io"): [cam(mean((2, 3), SOFT)) / cam(mean((2, 3), SOFT)).max()],
    ("grad_cam++", "relu1", "1Konny"): [cam((
        G**2 / (2 * G**2 + (A * G**3).sum((2, 3), keepdims=True) + 1e-7) * RELU(G) * np.exp(Y[0, C])
    ).sum((2, 3), keepdims=True))],
    ("grad_cam", "relu2", "Captum's LayerGradCam"): [enlarged(nearest, SUM)],
    ("grad_cam", "relu1", "mxnet"):
        [RELU(1 + (np.pad(back(S)[1].mean((2, 3)), ((0, 0), (0, 3)))[..., None, None] * A).sum(1))],
}  # fmt: skip


def asked(method, layer):
    large = np.ones((1, 12, 8)) if layer == "relu2" and method == "grad_cam" else None
    return question(method, layer=layer, theirs=large)


@pytest.mark.parametrize(("method", "layer", "whose"), EXPECTED)
def test_a_recipe_gives_what_the_script_gives(method, layer, whose):
    q, expected = asked(method, layer), EXPECTED[method, layer, whose]
    (recipe,) = (h for h in HYPOTHESES if h.name.startswith(f"recipe of {whose}"))
    step = "upsampled" if recipe.step == "upsampled" else "result"
    found = [Run(q, form.changes)[step] for form in recipe.forms(q)]
    tolerance = 1e-6 if "overlay" in whose else 1e-9  # PIL computes in float32
    for made, right in zip(found, expected, strict=True):
        assert made.shape == right.shape and right.any()
        np.testing.assert_allclose(made, right, rtol=0, atol=tolerance * abs(right).max())


def test_what_enlarges_gives_no_small_map():
    small = question("grad_cam", layer="relu2")
    for name in ("recipe of pytorch-cnn-visualizations: started at ones", "recipe of tf-keras-vis",
                 "stretched, kept in bytes, then enlarged by Lanczos", "recipe of Captum's LayerGradCam",
                 "recipe of pytorch-grad-cam: stretched", "recipe of pytorch-grad-cam with aug"):  # fmt: skip
        (form,) = (f for h in HYPOTHESES if h.name.startswith(name) for f in h.forms(small))
        with pytest.raises(DoesNotApply):
            Run(small, form.changes)["result"]
    (form,) = (f for h in HYPOTHESES if h.name.startswith("stretched, kept in bytes") for f in h.forms(
        asked("grad_cam", "relu2")))  # fmt: skip
    assert np.array_equal(Run(asked("grad_cam", "relu2"), form.changes)["result"], as_bytes(RELU(SUM)))


def test_how_recipes_keep_a_map(monkeypatch):
    assert recipes.in_bytes(np.array([2.0, 3.0, 6.0]), 2, 6).tolist() == [0, 63, 255]
    for low, high in ((3, 3), (3, 2)):
        with pytest.raises(DoesNotApply):
            recipes.in_bytes(np.array([3.0]), low, high)
    m = np.array([[[1.0, 3.0]], [[5.0, 5.0]]])
    assert recipes.stretched(m).tolist() == [[[0, 1]], [[0, 0]]]
    assert recipes.stretched(m, 2.0).tolist() == [[[0, 0.5]], [[0, 0]]]
    assert recipes.in_steps(None) == 1.5 / 255
    weights = np.zeros((1, 2, 1, 1))  # a layer of fewer maps than the picture has channels
    g = np.arange(12.0).reshape(1, 3, 2, 2)
    monkeypatch.setattr(recipes, "arrived", lambda q, v, at, rules: g)
    v, q = SimpleNamespace(y=None), SimpleNamespace(input_of=lambda y: None)
    assert recipes.of_the_picture(q, v, lambda: weights).ravel().tolist() == [1.5, 5.5]
    assert not weights.any()


def test_whose_recipe_it_is_stands_in_the_first_line():
    by_name = {h.name: h for h in HYPOTHESES if h.name.startswith("recipe of")}
    eigen_smooth = next(h for name, h in by_name.items() if "eigen_smooth" in name)
    said = "the first principal component of the weighed maps"
    assert eigen_smooth.headline_of("") == f"{said} (as in the recipe of pytorch-grad-cam with eigen_smooth)"
    assert eigen_smooth.headline_of("d") == (
        f"{said}, d (as in the recipe of pytorch-grad-cam with eigen_smooth)"
    )
