"""The published names against our own, network by network."""

import numpy as np
import pytest

import weights
from minicnn import Tensor, find
from weights.names.reordering import reorder
from weights.names.sources import SOURCES
from weights.names.table import expand, parse
from weights.names.translation import translate
from weights.zoo import network

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
TORCHVISION = {"squeezenet1_0_torchvision": "squeezenet1_0", "squeezenet1_1_torchvision": "squeezenet1_1"} | {
    name: name
    for name in (
        "vgg11",
        "vgg13",
        "vgg16",
        "vgg19",
        "vgg11_bn",
        "vgg13_bn",
        "vgg16_bn",
        "vgg19_bn",
        "alexnet",
        "resnet18",
        "resnet34",
        "resnet50",
        "googlenet",
    )
}


@pytest.fixture(scope="module")
def models():
    return pytest.importorskip(
        "tests.support.torchvision_models", reason="torchvision is not installed"
    ).models


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision_names_in_torchvision_order(models, name):
    """Every array of a torchvision model finds its place, and layers of equal shape are not confused: the
    order is the same, too.
    """
    with torch.device("meta"):
        model = getattr(models, TORCHVISION[name])(weights=None)
    shapes = {k: tuple(v.shape) for k, v in model.state_dict().items()}
    arrays = {k: np.broadcast_to(np.float32(i), s) for i, (k, s) in enumerate(shapes.items())}
    net = weights.build(name)
    source, ours = translate(arrays, net, network(name))
    assert source == "PyTorch"
    assert {k: v.shape for k, v in ours.items()} == {k: t.shape for k, t in net.arrays().items()}
    if name not in ("googlenet",) and "resnet" not in name:
        order = [int(ours[k].flat[0]) for k in net.arrays() if k.endswith(".W")]
        assert order == sorted(order)
    else:
        assert all(int(ours[k].flat[0]) == [*shapes].index(_theirs(k)) for k in net.arrays())


def _theirs(name):
    layer, _, role = name.rpartition(".")
    words = {
        "W": "weight",
        "b": "bias",
        "gamma": "weight",
        "beta": "bias",
        "mean": "running_mean",
        "var": "running_var",
    }
    return f"{layer}.{words[role]}"


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("resnet18", 64),
        ("resnet50", 64),
        ("googlenet", 64),
        ("squeezenet1_0_torchvision", 99),
        ("squeezenet1_1_torchvision", 99),
        ("alexnet", 224),
    ],
)
def test_scores_as_torchvision_computes_them(models, name, side, tmp_path):
    torch.manual_seed(1)
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    model = getattr(models, TORCHVISION[name])(weights=None, **options).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5), torch.nn.init.normal_(module.bias, 0, 0.1)
            (
                torch.nn.init.normal_(module.running_mean, 0, 0.1),
                torch.nn.init.uniform_(module.running_var, 0.5, 1.5),
            )
    torch.save(model.state_dict(), tmp_path / "net.pth")
    net = weights.load(name, tmp_path / "net.pth")
    x = np.random.default_rng(2).standard_normal((2, 3, side, side), np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(x)).numpy()
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(net(x), expected, atol=1e-4 * scale)
    assert find(net(Tensor(x[:1])), net.card.layer).ndim == 4


def test_braces_expand_as_in_a_shell():
    assert expand("a{1,2}_{x,y}") == ["a1_x", "a1_y", "a2_x", "a2_y"]
    assert expand("{conv,bn}{1,2}") == ["conv1", "conv2", "bn1", "bn2"]
    assert expand("fc") == ["fc"]


@pytest.mark.parametrize("name", weights.available())
def test_every_table_names_every_layer_once(name):
    if not network(name).names:
        pytest.skip("this network is published under our own names only")
    layers = list(dict.fromkeys(n.rpartition(".")[0] for n in weights.build(name).arrays()))
    columns, _ = parse(network(name).names, layers)
    for source, column in columns.items():
        assert source in SOURCES
        assert set(column) == set(layers)
        assert len(set(column.values())) == len(column), f"{source} gives two of our layers one name"


def test_a_file_of_another_network_is_named(tmp_path):
    np.savez(tmp_path / "some.npz", **{n: t.data for n, t in weights.build("lenet").arrays().items()})
    with pytest.raises(
        weights.WeightsError,
        match=r"no weights of captum_cifar: .*these are the weights of lenet \(minicnn\)",
    ):
        weights.load("captum_cifar", tmp_path / "some.npz")


def test_one_array_too_many_or_too_few_is_an_error(tmp_path):
    arrays = {n: t.data for n, t in weights.build("captum_cifar").arrays().items()}
    np.savez(tmp_path / "more.npz", **arrays, extra=np.zeros(3))
    with pytest.raises(weights.WeightsError, match="extra is one"):
        weights.load("captum_cifar", tmp_path / "more.npz")
    del arrays["fc2.b"]
    np.savez(tmp_path / "less.npz", **arrays)
    with pytest.raises(weights.WeightsError, match="fc2 b of 10 arrays are not there"):
        weights.load("captum_cifar", tmp_path / "less.npz")


def test_reordering_says_what_it_does():
    W = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)  # kh kw C F
    ours = reorder(W, "kh kw C F", "F C kh kw")
    assert ours[4, 1, 0, 2] == W[0, 2, 1, 4]
    assert ours.flags.c_contiguous
    M = np.arange(12.0).reshape(3, 4)
    assert np.shares_memory(reorder(M, "D F", "F D"), M)
    H, C, F = 2, 3, 5
    rows = np.arange(H * H * C * F, dtype=np.float32).reshape(H * H * C, F)
    x = np.random.default_rng(0).standard_normal((1, C, H, H))
    theirs = x.transpose(0, 2, 3, 1).reshape(1, -1) @ rows
    shared = np.concatenate([rows, rows])[: len(rows)]  # part of something larger: a copy is made
    before = shared.copy()
    np.testing.assert_allclose(
        x.reshape(1, -1) @ reorder(shared, "D F", "F D", flattened=(H, H, C)).T, theirs
    )
    np.testing.assert_array_equal(shared, before)
    given = rows.copy()
    ours = reorder(given, "D F", "F D", flattened=(H, H, C))
    np.testing.assert_allclose(x.reshape(1, -1) @ ours.T, theirs)
    assert np.shares_memory(ours, given)  # in place: it was ours
