"""Variants of methods: names, what they are made from, and formulas written out another way."""

import numpy as np
import pytest

from gradcam import METHODS, explain, upsample
from gradcam.method import Context
from gradcam.methods import VARIANTS
from minicnn import Error
from tests.support.compare import assert_close
from tests.support.small_nets import picture, small_vgg

NET, X = small_vgg(), picture().data
LAYERS = ["relu1_1", "relu2_1"]


def of(method, layer="relu2_1", **options):
    return explain(NET, X, 1, method, layer, options={method: options})[method]


def stretched(L):
    return np.stack([(one - one.min()) / (one.max() - one.min()) for one in L])


def test_every_variant_of_every_method_is_a_method():
    made = 0
    for variant in VARIANTS.values():
        for name, method in METHODS.items():
            called = f"{variant.name}_{name}"
            if called in METHODS and called not in dict(METHODS):
                found = METHODS[called]
                assert found.name == called and found.base == name and variant.paper in found.paper
                made += 1
            elif called not in METHODS:
                assert not variant.of(method)
    assert made > 60 and len(METHODS) == len(list(METHODS))
    assert "guided_saliency" not in METHODS and "eigen_smooth_eigen_cam" not in METHODS
    assert "grad_cam@" not in METHODS and "saliency@relu1_1" not in METHODS and 3 not in METHODS
    assert METHODS["guided_grad_cam"].classic  # the paper's own, and no variant
    with pytest.raises(KeyError):
        METHODS["smooth_grad_cam"]


def test_guided():
    guided = of("guided_backprop")
    assert_close(of("guided_hirescam"), guided * upsample(of("hirescam"), (12, 16))[:, None])
    twice = explain(NET, X, 1, ["guided_grad_cam"], "relu2_1")["guided_grad_cam"]
    assert_close(METHODS["guided_grad_cam"] and twice, guided * upsample(of("grad_cam"), (12, 16))[:, None])


def test_eigen_smooth_is_the_first_component():
    A = explain(NET, X, 1, "hirescam", "relu2_1")
    from minicnn import Tensor, backward, find, one_hot

    y = NET(Tensor(X))
    A = find(y, "relu2_1")
    weighed = (backward(y, one_hot(y, 1), A) * A.data).reshape(2, 8, -1)
    found = of("eigen_smooth_hirescam", relu=False).reshape(2, -1)
    for M, map in zip(weighed, found):
        centred = M - M.mean(axis=1, keepdims=True)
        values, vectors = np.linalg.eigh(centred @ centred.T)  # of the covariance, not of the maps
        v = vectors[:, -1] * np.sign(vectors[:, -1].sum())
        assert_close(map, v @ centred)
        assert values[-1] > 1.01 * values[-2]


def test_aug_smooth_is_the_mean_of_six():
    maps = []
    for x, back in ((X, np.s_[:]), (X[..., ::-1], np.s_[..., ::-1])):
        for factor in (0.9, 1.0, 1.1):
            L = explain(NET, np.ascontiguousarray(factor * x), 1, "layercam", "relu2_1")["layercam"]
            maps.append(stretched(upsample(stretched(L), (12, 16)))[back])
    assert_close(of("aug_smooth_layercam"), np.mean(maps, axis=0))


def test_fused_is_the_mean_over_layers():
    each = [stretched(of("layercam", layer)) for layer in LAYERS]
    mean = np.mean([upsample(L, (12, 16)) for L in each], axis=0)
    assert_close(of("fused_layercam", LAYERS), stretched(mean))
    with pytest.raises(Error, match="several layers"):
        of("fused_layercam")


@pytest.mark.parametrize(
    "kind, of_maps",
    [
        ("smoothgrad", lambda maps: maps.mean(axis=0)),
        ("smoothgrad_sq", lambda maps: (maps**2).mean(axis=0)),
        ("vargrad", lambda maps: maps.var(axis=0)),
    ],
)
def test_noise_tunnels(kind, of_maps):
    n = 7
    sigma = 0.2 * np.ptp(X, axis=(1, 2, 3)).reshape(-1, 1, 1, 1)
    noise = np.random.default_rng(4).standard_normal((n, 1, 3, 12, 16))
    for method in ("gradient", "saliency", "grad_cam", "lrp_epsilon", "guided_hirescam"):
        layer = "relu2_1" if METHODS[method].at_layer else None
        maps = np.stack([explain(NET, X + sigma * one, 1, method, layer)[method] for one in noise])
        for batch in (3, 7):
            found = of(f"{kind}_{method}", n=n, noise=0.2, random_seed=4, batch=batch)
            assert_close(found, of_maps(maps), 1e-11)


def test_smoothgrad_is_the_noise_tunnel_of_the_gradient():
    assert np.array_equal(of("smoothgrad_gradient"), of("smoothgrad"))


def test_variants_of_variants():
    found = of("smoothgrad_eigen_smooth_xgrad_cam", n=1, noise=0.0)
    assert_close(found, of("eigen_smooth_xgrad_cam"))
    fused = of("fused_eigen_smooth_xgrad_cam", LAYERS)
    each = [upsample(stretched(of("eigen_smooth_xgrad_cam", name)), (12, 16)) for name in LAYERS]
    assert_close(fused, stretched(np.mean(each, axis=0)))


def test_several_layers_in_one_call():
    e = explain(NET, X, [1, 2], ["grad_cam", "saliency", "hirescam@relu1_1"], LAYERS)
    assert e.methods == ["grad_cam@relu1_1", "grad_cam@relu2_1", "saliency", "hirescam@relu1_1"]
    assert e.layer == "relu1_1, relu2_1"
    for layer in LAYERS:
        one = explain(NET, X, [1, 2], "grad_cam", layer)
        for c in (1, 2):
            assert np.array_equal(e[f"grad_cam@{layer}", c], one["grad_cam", c])
    assert_close(e["hirescam@relu1_1"], of("hirescam", "relu1_1"))
    assert np.array_equal(explain(NET, X, 1, "grad_cam", ["relu2_1"])["grad_cam"], of("grad_cam"))


def test_options_reach_the_method_that_a_variant_is_of():
    plain = of("grad_cam")
    alone = explain(NET, X, 1, ["smoothgrad_grad_cam"], "relu2_1", alpha="sum",
                    options={"smoothgrad_grad_cam": {"n": 1, "noise": 0.0}})  # fmt: skip
    assert_close(alone["smoothgrad_grad_cam"], plain * 48)
    at = explain(NET, X, 1, "grad_cam", LAYERS, options={"grad_cam": {"alpha": "sum"}})
    assert_close(at["grad_cam@relu2_1"], plain * 48)
    with pytest.raises(Error, match="it has no option"):
        explain(NET, X, 1, "vargrad_grad_cam", "relu2_1", options={"vargrad_grad_cam": {"m": 1}})


def test_each_picture_has_a_target_of_its_own():
    both = explain(NET, X, [(1, 3)], "vargrad_gradient", options={"vargrad_gradient": {"n": 3}})
    for n, c in enumerate((1, 3)):
        alone = explain(NET, X[n : n + 1], c, "vargrad_gradient", options={"vargrad_gradient": {"n": 3}})
        assert_close(both["vargrad_gradient"][n : n + 1], alone["vargrad_gradient"], 1e-11)


def test_what_a_network_has_no_rule_for_is_said_of_its_variant_too():
    from minicnn.layer import Apply, ConvLayer, LinearLayer, Sequential
    from minicnn.ops import GlobalAvgPool, SiLU

    net = Sequential(
        ConvLayer("conv", 3, 4, 3, pad=1), Apply("silu", SiLU), Apply("gap", GlobalAvgPool),
        LinearLayer("fc", 4, 5),
    ).initialise(0).astype(np.float64)  # fmt: skip
    e = explain(net, X, 1, ["guided_hirescam", "hirescam", "vargrad_guided_backprop"], "silu")
    assert e.methods == ["hirescam"]
    assert set(e.undefined) == {"guided_hirescam", "vargrad_guided_backprop"}
    assert all("SiLU" in why for why in e.undefined.values())


def test_one_map_alone_says_so():
    context = Context(NET, None, None, (), None, {}, (X, X), False)
    with pytest.raises(Error, match="one map alone"):
        context.elsewhere(METHODS["grad_cam"])
