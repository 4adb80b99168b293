"""The parts of verify's reference, each with values worked out by hand: settings, averages, tapes, and what
rounding is taken for."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import verify
from gradcam.verify import VerifyError
from gradcam.verify.hypotheses import averaging, combining, preprocessing
from gradcam.verify.reference import settings, tape
from gradcam.verify.reference.averaged_gradients import Path, around, from_baseline, mean_signal
from gradcam.verify.reference.run import Run
from gradcam.verify.reference.steps import STEPS, upstream
from gradcam.verify.reference.without_gradients import gap, singular, through_masks, without_maps, y_c
from gradcam.verify.rounding import propagation
from gradcam.verify.rounding.differences import _norm, _ratio
from minicnn import Along, MaxPool, ReLU, Tensor, find, history
from tests.gradcam.verify.test_judge import X, net, question

X2 = np.zeros((2, 3, 6, 4))


# --- settings


@pytest.mark.parametrize(
    ("fitting", "taken", "refused"),
    [
        (settings.whole_number("it"), {1: 1, 5.0: 5}, [0, 1.5, -1]),
        (settings.one_of("it", ("a", "b")), {"b": "b"}, ["c", "A"]),
        (settings.on_the_picture("it"), {4: (4, 4), (6, 4): (6, 4), (1, 2): (1, 2)},
         [0, 5, (7, 4), (6, 5), (0, 1)]),
        (settings.layer_names, {("a", "b"): ["a", "b"]}, ["ab", ("a",), ("a", 3)]),
    ],
)  # fmt: skip
def test_values_that_a_setting_takes(fitting, taken, refused):
    for value, used in taken.items():
        assert fitting(value, X2) == used
    for value in refused:
        with pytest.raises(VerifyError):
            fitting(value, X2)


def test_arrays_that_a_setting_takes():
    like = settings.like_input("the fill")
    assert like(3, X2) == 3 and like(np.ones((3, 1, 1)), X2).shape == (3, 1, 1)
    with pytest.raises(
        VerifyError, match=r"the fill \(4, 1, 1\) does not broadcast to the input \(2, 3, 6, 4\)"
    ):
        like(np.ones((4, 1, 1)), X2)
    with pytest.raises(VerifyError, match="the fill holds NaN"):
        like(np.nan, X2)
    for shape, used in (
        ((5, 3, 6, 4), (5, 1, 3, 6, 4)),
        ((5, 2, 3, 6, 4), (5, 2, 3, 6, 4)),
        ((5, 1, 3, 6, 4),) * 2,
    ):
        assert settings.noise(np.zeros(shape), X2).shape == used
    for shape in ((5, 3, 3, 6, 4), (3, 6, 4), (5, 3, 4, 6), (5, 2, 3, 6, 3)):
        with pytest.raises(VerifyError, match=r"the noise must be \(n, C, H, W\) or \(n, N, C, H, W\)"):
            settings.noise(np.zeros(shape), X2)
    with pytest.raises(VerifyError, match="the noise holds NaN"):
        settings.noise(np.full((5, 3, 6, 4), np.inf), X2)
    assert settings.bounds((0, 1), X2) == (0, 1)
    with pytest.raises(VerifyError, match="pixels is a pair"):
        settings.bounds((0, 1, 2), X2)


def test_what_a_method_leaves_open():
    named = lambda method: [setting.name for setting in settings.settings_known(method)]  # noqa: E731
    assert named("integrated_gradients") == ["steps", "rule", "baseline"] and named("grad_cam") == []
    assert named("occlusion") == ["window", "stride", "fill", "start", "average"]
    assert named("vargrad_integrated_gradients") == ["noise", "steps", "rule", "baseline"]
    assert named("fused_grad_cam") == ["layers"] and named("guided_grad_cam") == []
    assert settings.settings_of("integrated_gradients", {"steps": 7, "rule": None}, X2) == {
        "steps": 7, "rule": "gauss", "baseline": 0
    }  # fmt: skip
    large = np.zeros((1, 3, 28, 70))
    usual = {"fill": 0, "start": "score", "average": "mean"}
    assert settings.settings_of("occlusion", {}, large) == usual | {"window": (4, 4), "stride": (2, 2)}
    assert settings.settings_of("occlusion", {}, X2) == usual | {"window": (1, 1), "stride": (1, 1)}
    assert settings.settings_of("lrp_z_box", {}, X2) == {"pixels": None}
    with pytest.raises(VerifyError, match="grad_cam has no setting 'steps'; it has none"):
        settings.settings_of("grad_cam", {"steps": 3}, X2)
    with pytest.raises(VerifyError, match="occlusion has no setting 'steps'; it has window, stride, fill,"):
        settings.settings_of("occlusion", {"steps": 3}, X2)
    with pytest.raises(VerifyError, match="smoothgrad needs the setting 'noise': SmoothGrad draws its noise"):
        settings.settings_of("smoothgrad", {}, X2)


# --- averages


def test_the_pictures_of_a_path_and_of_noise():
    x, q = (
        np.full((1, 1, 1, 2), 4.0),
        SimpleNamespace(settings={"steps": 2, "rule": "right", "baseline": 1.0}),
    )
    v = SimpleNamespace(input=x)
    path = from_baseline(q, v)
    assert path.pictures[:, 0, 0, 0].tolist() == [[2.5, 2.5], [4, 4]] and path.shares.tolist() == [0.5, 0.5]
    assert path.towards.ravel().tolist() == [3, 3]
    other = from_baseline(q, v, [0, 0.25], [0.3, 0.7], -4.0)
    assert other.pictures[:, 0, 0, 0, 0].tolist() == [-4, -2] and other.towards[0, 0, 0, 0] == 8
    q.settings = {"noise": np.array([1.0, -2, 3, 5]).reshape(4, 1, 1, 1, 1)}
    noisy = around(q, v)
    assert noisy.pictures[:, 0, 0, 0, 1].tolist() == [5, 2, 7, 9] and noisy.shares.tolist() == [0.25] * 4
    assert noisy.towards == 1


def test_a_mean_over_pictures_is_weighed_by_their_shares():
    path = Path(np.arange(1.0, 4).reshape(3, 1, 1, 1, 1), np.array([0.5, 0.25, 0.125]), 1.0)
    v = SimpleNamespace(path=path, input=np.zeros((1, 1, 1, 1)))
    v.elsewhere = lambda pictures: SimpleNamespace(signal=10 * pictures)
    assert mean_signal(None, v).ravel() == [10 * (0.5 + 0.5 + 0.375)]
    assert mean_signal(None, v, np.square).ravel() == [100 * (0.5 + 1 + 1.125)]
    few = propagation.thinned(None, None, lambda: Path(np.arange(10), np.arange(1.0, 11), "towards"))
    assert few.pictures.tolist() == [0, 3, 6, 9] and few.towards == "towards"
    np.testing.assert_allclose(few.shares, np.array([1, 4, 7, 10]) / 22)
    assert (
        propagation.thinned(None, None, lambda: Path(np.arange(2), np.ones(2), 1)).shares.tolist()
        == [0.5] * 2
    )


def test_places_on_a_path_as_others_choose_them():
    assert [a.tolist() for a in averaging.left(4)] == [[0, 0.25, 0.5, 0.75], [0.25] * 4]
    assert [a.tolist() for a in averaging.trapezoid(3)] == [[0, 0.5, 1], [0.25, 0.5, 0.25]]
    assert [a.tolist() for a in averaging.both_ends(2)] == [[0, 1], [0.5, 0.5]]


# --- what asks no gradient


def test_singular_vectors_of_maps():
    A = np.zeros((1, 3, 1, 2))
    A[0, 1, 0, 0], A[0, 2, 0, 1] = 4, 3
    first, second = singular(A), singular(A, 1)
    assert first.shape == (1, 3, 1, 1) and abs(first[0, :, 0, 0]).tolist() == [0, 1, 0]
    assert abs(second[0, :, 0, 0]) == pytest.approx([0, 0, 1], abs=1e-12)
    assert gap(A) == pytest.approx(0.25) and gap(A[:, 1:2]) == 1 and gap(0 * A) == 0
    both = np.concatenate([A, A])
    both[1, 2] *= 4 / 3
    assert gap(both) == pytest.approx(0, abs=1e-12)


def test_a_score_for_each_picture():
    source = Tensor(np.array([[1.0, 2, 3], [4, 5, 6]]))
    assert y_c(SimpleNamespace(start=(source, np.array([[0, 1, -1], [2, 0, 0.5]])))).tolist() == [-1, 11]


def test_one_score_for_each_mask_and_each_map_left_out():
    masks = np.arange(1.0, 7).reshape(2, 3, 1, 1) * np.ones((2, 3, 1, 2))
    v = SimpleNamespace(masks=masks, input=np.array([[[[1.0, 2.0]]], [[[10.0, 20.0]]]]))

    def elsewhere(pictures):
        flat = pictures.reshape(-1, *pictures.shape[2:])
        return SimpleNamespace(start=(Tensor(flat.sum((1, 2, 3))[:, None]), np.ones((len(flat), 1))))

    v.elsewhere = elsewhere
    assert through_masks(None, v).tolist() == [[3, 6, 9], [120, 150, 180]]
    q = question("ablation_cam")
    found, A = without_maps(q, q.reference), q.reference["activation"]
    W, b = q.net["fc"].W.data, q.net["fc"].b.data
    for k in range(6):
        left = A.copy()
        left[:, k] = 0
        assert found[0, k] == pytest.approx(W[1] @ left.mean((2, 3))[0] + b[1])


def test_cam_weighs_the_maps_in_front_of_the_pooling():
    right = verify.Question(net(), X, [1], "cam").reference
    A = find(right.y, "relu2").data
    W = net()["fc"].W.data
    assert right["A"] is A and right["weights"].ravel().tolist() == W[1].tolist()
    np.testing.assert_allclose(right["result"], (W[1][:, None, None] * A).sum(1), rtol=1e-12)
    assert right["map"] is right["signed"] and right["result"].min() < 0


def test_every_map_is_left_out_however_small_the_maps_are():
    q = question("ablation_cam", x=X[:, :, :4, :4])
    assert q.reference["activation"].shape == (1, 6, 2, 2)
    assert without_maps(q, q.reference).shape == (1, 6)


# --- tapes


def test_adaptive_averages_are_cut_as_pytorch_cuts_them():
    assert tape.adaptive(4, 2).tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
    np.testing.assert_allclose(
        tape.adaptive(5, 3), np.array([[3, 3, 0, 0, 0], [0, 2, 2, 2, 0], [0, 0, 0, 3, 3]]) / 6
    )
    x = np.arange(12.0).reshape(1, 1, 2, 6)
    made = Along(tape.adaptive(4, 2), -1)
    y = made(Tensor(x[..., :4], "x"))
    assert y.data.tolist() == [[[[0.5, 2.5], [6.5, 8.5]]]]
    assert not tape._of_another_size(made, [x[..., :4]]) and tape._of_another_size(made, [x])
    other = Along(np.array([[0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75]]), -1)
    assert not tape._of_another_size(other, [x])
    wider = tape.AnySize(made)(Tensor(x, "x")).data
    np.testing.assert_allclose(wider, [[[[1, 4], [7, 10]]]], rtol=1e-12)


def test_an_average_of_a_larger_picture_has_as_many_parts():
    x = Tensor(np.arange(8.0).reshape(1, 1, 2, 4), "x")
    y = Along(tape.adaptive(4, 2), -1)(x)
    larger = Tensor(np.arange(12.0).reshape(1, 1, 2, 6), "larger")
    new = tape.rerun(y, through={x: lambda t: larger})
    assert isinstance(new[y].op, tape.AnySize)
    np.testing.assert_allclose(new[y].data, [[[[1, 4], [7, 10]]]], rtol=1e-12)
    ours = Along(np.full((1, 6), 1.0), -1)  # what a change puts there stays
    assert tape.rerun(y, lambda t: ours, through={x: lambda t: larger})[y].data.tolist() == [[[[15], [51]]]]


def test_a_tape_is_run_again_from_what_changed():
    made = net()
    x = Tensor(X, "x")
    y = made(x)
    relu = find(y, "relu1")
    assert tape.rerun(y)[y] is y and tape.relink(y, lambda t: None)[y] is y
    doubled = tape.rerun(y, through={relu: lambda t: Tensor(2 * t.data, "twice")})
    assert doubled[x] is x and doubled[find(y, "conv1")] is find(y, "conv1")
    assert np.array_equal(doubled[relu].data, 2 * relu.data) and doubled[y] is not y
    pool = find(y, "pool1")
    np.testing.assert_allclose(doubled[pool].data, 2 * pool.data)
    other = tape.relink(y, lambda t: {"x": -t.op.x} if t is relu else None)
    assert np.array_equal(other[y].data, y.data) and np.array_equal(other[relu].op.x, -relu.op.x)
    assert other[x] is x and other[pool].op.inputs[0] is other[relu] is not relu
    assert [t.name for t in tape.makers(y, ReLU)] == ["relu1", "relu2"]
    assert [t.name for t in tape.makers(y, MaxPool)] == ["pool1"]
    assert [t.name for t in tape.consumers(y)[relu]] == ["pool1"] and y not in tape.consumers(y)
    tapped = tape.rerun(y, after=(relu,))
    assert isinstance(tapped[relu].op, tape.Tap) and tapped[pool].op.inputs[0] is tapped[relu]
    assert np.array_equal(tapped[y].data, y.data) and tapped[relu].name == "relu1"


def test_steps_are_made_from_those_in_front_of_them():
    assert upstream("map") == {
        "input", "y", "start", "A", "cam_rules", "activation", "gradient", "masks", "seen", "weights",
        "signed", "map",
    }  # fmt: skip
    assert upstream("signal") == {"input", "path", "y", "start", "rules", "signal"}
    assert upstream("result") == set(STEPS) and upstream("y") == {"input", "y"}


def test_changes_are_made_in_their_order_and_shared():
    q, asked = question("grad_cam"), []
    right = q.reference["weights"]

    def change(name, f):
        def changed(q, v, old):
            asked.append(name)
            return f(old())

        return name, "weights", changed

    more, twice = change("more", lambda w: w + 1), change("twice", lambda w: 2 * w)
    np.testing.assert_allclose(Run(q, (more, twice))["weights"], 2 * (right + 1))
    np.testing.assert_allclose(Run(q, (twice, more))["weights"], 2 * right + 1)
    before = len(asked)
    Run(q, (more, twice))["result"], Run(q, (more, twice))["weights"]
    assert len(asked) == before and Run(q, (more,))["gradient"] is q.reference["gradient"]
    unasked = ("constant", "weights", lambda q, v, old: 0 * right)
    assert not Run(q, (more, unasked))["weights"].any() and len(asked) == before
    assert not hasattr(Run(q), "nothing")


# --- rounding


def test_norms_do_not_overflow():
    assert _norm(np.array([3e200, 4e200]), 4e200) == pytest.approx(5e200) and _norm(np.zeros(2), 0.0) == 0
    assert _norm(np.array([np.inf]), np.inf) == np.inf
    assert (_ratio(0, 0), _ratio(1, 4), _ratio(1, 0)) == (0, 0.25, np.inf)


def test_what_is_met_behind_a_layer():
    y = net()(Tensor(X, "x"))
    every = [t.name for t in history(y)]
    assert propagation._after(y, None) == set(history(y))
    assert {t.name for t in propagation._after(y, "pool1")} == {"conv2", "relu2", "pool", "fc"}
    assert "relu1" in every and find(y, "pool1") not in propagation._after(y, "pool1")


def test_roundoff_is_a_share_of_each_value():
    x = np.array([1.0, -100.0, 0.0])
    drawn = np.random.default_rng(3).standard_normal(3)
    found = propagation.roundoff("float32", 3)(None, None, lambda: x)
    np.testing.assert_array_equal(found, x * (1 + 4 * 2.0**-24 * drawn))
    relu = ReLU()
    relu(Tensor(x, "x"))
    assert propagation.replayed(relu)["x"].tolist() == [1, -1, -1]


def test_digits_lost_by_a_map_that_starts_at_ones():
    v = SimpleNamespace(map=np.array([1.0, 1.5]), result=np.array([0.0, 2.0]), signed=np.array([-3.0, 1.5]))
    assert combining.lost_digits(v) == 4 * 2.0**-24 * 3 / 0.5 * 2 / 2
    v.result = np.array([-4.0, -2.0])
    assert combining.lost_digits(v) == 4 * 2.0**-24 * 3 / 0.5 * 2 / 4
    v.map = np.array([1.0, 1.0])
    assert combining.lost_digits(v) == 0
    v.map, v.result = np.array([1.0, 1.5]), np.zeros(2)
    assert combining.lost_digits(v) == 0


# --- how pictures are usually prepared


def test_published_means_and_deviations():
    published = {
        "ImageNet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        "0.5": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        "CIFAR-10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
        "CIFAR-10 (0.2023, 0.1994, 0.2010)": ((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
        "CIFAR-100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
        "CLIP": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    }
    for name, numbers in published.items():
        for found, stated in zip(preprocessing.SETS[name], numbers):
            assert found.shape == (3, 1, 1) and tuple(found.ravel()) == stated
    assert preprocessing.SETS.keys() == published.keys()
    grey = {name: (m.item(), s.item()) for name, (m, s) in preprocessing.GREY.items()}
    assert grey == {"MNIST": (0.1307, 0.3081), "FashionMNIST": (0.286, 0.353), "0.5": (0.5, 0.5)}
    for name, bgr in (("Caffe", (103.939, 116.779, 123.68)), ("Caffe (104, 117, 123)", (104, 117, 123))):
        mean, std = preprocessing.OF_CAFFE[name]
        assert mean.ravel() == pytest.approx(np.array(bgr) / 255) and std.ravel() == pytest.approx(
            [1 / 255] * 3
        )
    assert [s.item() for _, s in preprocessing.AS_IT_IS.values()] == [1, 1 / 255]
    assert preprocessing.LUMA.ravel().tolist() == [0.299, 0.587, 0.114]


def asked_of(x, photo=None, card=None):
    return SimpleNamespace(x=x, photo=photo, net=SimpleNamespace(card=SimpleNamespace(preprocessing=card)))


def test_an_input_tells_how_it_was_normalised():
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 8, 8)) / 255
    pixels[0, :, 0, :2] = 0, 1
    for name, (mean, std) in preprocessing.SETS.items():
        assert list(preprocessing.meant(asked_of((pixels - mean) / std))) == [name]
    bgr = 255 * pixels - preprocessing.CAFFE
    assert list(preprocessing.meant(asked_of(bgr))) == ["Caffe"]
    assert list(preprocessing.meant(asked_of(pixels))) == ["0 to 1"]
    assert list(preprocessing.meant(asked_of(255 * pixels))) == ["0 to 255"]
    assert list(preprocessing.meant(asked_of(1000 * pixels))) == ["ImageNet", "0.5"]
    said = SimpleNamespace(mean=(10, 20, 30), std=(51, 51, 51), scale=255.0, channels="BGR")
    q = asked_of((255 * pixels - np.array([10, 20, 30])[:, None, None]) / 51, card=said)
    ((name, (mean, std)),) = preprocessing.meant(q).items()
    assert name == "its own" and mean.ravel() == pytest.approx(np.array([10, 20, 30]) / 255)
    assert std.ravel() == pytest.approx([0.2] * 3)
    assert preprocessing.order_of(q, "its own") == "BGR" == preprocessing.order_of(q, "Caffe")
    assert preprocessing.order_of(q, "ImageNet") == "RGB"
    assert list(preprocessing.meant(asked_of(1000 * pixels, photo=("picture", said)))) == ["its own"]
    assert list(preprocessing.meant(asked_of(1000 * pixels, card=said))) == ["ImageNet", "0.5", "its own"]


def test_what_is_taken_for_a_picture():
    zero, one = np.zeros((1, 1, 1)), np.ones((1, 1, 1))
    is_picture = preprocessing.is_picture
    ramp = np.linspace(0, 1, 256).reshape(1, 1, 16, 16)
    assert is_picture(ramp, zero, one, in_bytes=True) and is_picture(
        (ramp - 0.25) / 0.5, zero + 0.25, one / 2
    )
    assert is_picture(ramp - 0.0499, zero, one) and not is_picture(ramp - 0.0501, zero, one)
    assert is_picture(ramp + 0.0499, zero, one) and not is_picture(ramp + 0.0501, zero, one)
    assert is_picture(ramp * 0.51, zero, one) and not is_picture(ramp * 0.5, zero, one)
    moved = ramp.copy()
    moved[0, 0, 3, 3] += 0.009 / 255
    assert is_picture(moved, zero, one, in_bytes=True)
    moved[0, 0, 3, 3] += 0.002 / 255
    assert not is_picture(moved, zero, one, in_bytes=True) and is_picture(moved, zero, one)
