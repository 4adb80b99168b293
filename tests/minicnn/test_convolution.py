"""The fast convolutions against the readable one (taps) in float64, which test_conv.py holds against the
equation itself."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from minicnn import Tensor, backward, find, history, nets
from minicnn.convolution import Geometry, Kept, choose, taps
from minicnn.convolution.fast import im2col, threads, weight_cache, winograd
from minicnn.convolution.fast.winograd import F2, F4, Winograd
from minicnn.layer import Apply, ConvLayer, Sequential
from minicnn.ops import Conv, GlobalAvgPool, MaxPool, ReLU

# The largest error in float32, relative to the largest value: plain sums, and tiles of 2 x 2 and of 4 x 4
# outputs.
EXPECTED = {"im2col": 2e-6, "F2": 4e-6, "F4": 2e-5}
WAYS = {"im2col": im2col, "F2": Winograd(F2), "F4": Winograd(F4)}


def draw(*shape, seed=0, channels_last=False):
    a = np.random.default_rng((seed, *shape)).standard_normal(shape)
    return a.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2) if channels_last else a


@pytest.fixture(autouse=True)
def one_blas_thread(request):
    """Tests of threads ask for them; the others are quicker without, on a machine that others use too."""
    with threadpool_limits(
        2 if "threads" in request.node.name or "callers" in request.node.name else 1, "blas"
    ):
        yield


def error(found, truth):
    """The largest difference relative to the largest value, which must not be zero."""
    assert found.shape == truth.shape
    assert abs(truth).max() > 0
    return abs(found - truth).max() / abs(truth).max()


def all_three(how, x, W, gy, geometry):
    size, kernel = x.shape[-2:], W.shape[-2:]
    return how.forward(x, W, geometry), how.gx(gy, W, size, geometry), how.gW(gy, x, kernel, geometry)


def compare(name, x, W, geometry, channels_last=False):
    gy = draw(*taps.forward(x, W, geometry).shape, seed=1, channels_last=channels_last)
    truth = all_three(taps, x, W, gy, geometry)
    before = [a.copy() for a in (x, W, gy)]
    for found, true in zip(all_three(WAYS[name], x, W, gy, geometry), truth):
        assert error(found, true) < 1e-12
    for a, b in zip((x, W, gy), before):
        assert np.array_equal(a, b)
    single = [a.astype(np.float32) for a in (x, W, gy)]
    for found, true in zip(all_three(WAYS[name], *single, geometry), truth):
        assert found.dtype == np.float32
        assert error(found, true) < EXPECTED[name]


sizes = st.integers(1, 13)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["F2", "F4"]), N=st.integers(1, 3), C=st.integers(1, 6), F=st.integers(1, 6),
    H=sizes, W=sizes,
    pad=st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2), channels_last=st.booleans(),
)  # fmt: skip
def test_winograd_gives_what_taps_give(name, N, C, F, H, W, pad, channels_last):
    if H + sum(pad[0]) < 3 or W + sum(pad[1]) < 3:
        return
    compare(
        name, draw(N, C, H, W, channels_last=channels_last), draw(F, C, 3, 3), Geometry(1, pad), channels_last
    )


@settings(max_examples=60, deadline=None)
@given(
    N=st.integers(1, 3), C=st.integers(1, 6), F=st.integers(1, 14), H=st.integers(5, 13),
    W=st.integers(5, 13),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    dilation=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    pad=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    channels_last=st.booleans(),
)  # fmt: skip
def test_im2col_gives_what_taps_give(N, C, F, H, W, kernel, stride, dilation, pad, channels_last):
    compare(
        "im2col",
        draw(N, C, H, W, channels_last=channels_last),
        draw(F, C, *kernel),
        Geometry(stride, pad, dilation),
        channels_last,
    )


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("shape", [(1, 64, 48, 29, 31), (3, 80, 96, 14, 14), (2, 200, 130, 9, 30)])
def test_many_channels(name, shape):
    N, C, F, H, W = shape
    compare(name, draw(N, C, H, W), draw(F, C, 3, 3), Geometry(1, 1))


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("shape", [(1, 33, 31), (20, 9, 10), (3, 26, 6)])
def test_many_blocks(name, shape, monkeypatch):
    monkeypatch.setattr(winograd, "BLOCK", 1)
    monkeypatch.setattr(winograd, "TILES", 5)
    monkeypatch.setattr(im2col, "BLOCK", 1200)
    N, H, W = shape
    compare(name, draw(N, 4, H, W), draw(6, 4, 3, 3), Geometry(1, 1))


@pytest.mark.parametrize("geometry", [Geometry(2, 3), Geometry(1, 1), Geometry(4, 2), Geometry(2, 0)])
def test_first_layers_and_their_way_back_to_three_channels(geometry):
    compare("im2col", draw(2, 3, 45, 38), draw(64, 3, 7, 7), geometry)


@pytest.mark.parametrize("name", WAYS)
def test_a_batch_gives_what_its_pictures_give(name):
    x, W, geometry = draw(5, 20, 18, 23), draw(24, 20, 3, 3), Geometry(1, 1)
    together = WAYS[name].forward(x, W, geometry)
    for n in range(5):
        assert error(WAYS[name].forward(x[n : n + 1], W, geometry), together[n : n + 1]) < 1e-12


@pytest.mark.parametrize("precision", ["fast", "exact"])
def test_a_stack_of_signals_gives_what_each_gives(precision):
    x, W, b = (a.astype(np.float32) for a in (draw(2, 16, 12, 12), draw(20, 16, 3, 3), draw(20)))
    inputs = [Tensor(a) for a in (x, W, b)]
    y = Conv(pad=1, precision=precision)(*inputs)
    gy = draw(3, *y.shape).astype(np.float32)
    stacked = backward(y, gy, inputs)
    for s in range(3):
        for whole, alone in zip(stacked, backward(y, gy[s], inputs)):
            assert error(whole[s], alone) < 1e-5


def test_one_thread_and_two_agree_and_each_repeats_its_bits():
    x, W = draw(3, 64, 40, 40).astype(np.float32), draw(64, 64, 3, 3).astype(np.float32)
    found = {}
    for n in (1, 2):
        with threadpool_limits(n, "blas"):
            found[n] = WAYS["F4"].forward(x, W, Geometry(1, 1))
            for _ in range(3):
                assert np.array_equal(WAYS["F4"].forward(x, W, Geometry(1, 1)), found[n])
    assert error(found[2], found[1]) < 1e-5


@pytest.mark.parametrize(
    "op",
    [lambda: MaxPool(3, 2, ceil=True), lambda: MaxPool(2), ReLU],
    ids=["overlapping pool", "pool", "ReLU"],
)
@pytest.mark.parametrize("channels_last", [False, True])
def test_two_threads_give_the_bits_of_one(op, channels_last):
    x = Tensor(draw(1, 45, 211, 223, channels_last=channels_last).astype(np.float32))
    found = []
    for n in (1, 2):
        with threadpool_limits(n, "blas"):
            y = op()(x)
            found.append((y.data, backward(y, draw(3, *y.shape).astype(np.float32), x)))
    assert y.data.size > threads.LARGE and found[0][1].any()
    assert all(np.array_equal(a, b) for a, b in zip(*found))


@pytest.mark.parametrize("N", [1, 2, 3])
@pytest.mark.parametrize("C", [1, 3, 32])
def test_the_way_back_of_a_strided_convolution_on_two_threads(N, C):
    gy, W = draw(N, 8, 20, 20).astype(np.float32), draw(8, C, 3, 3).astype(np.float32)
    assert (
        error(
            im2col.gx(gy, W, (40, 40), Geometry(2, 1)),
            taps.gx(gy.astype(float), W.astype(float), (40, 40), Geometry(2, 1)),
        )
        < 2e-6
    )


def test_two_callers_at_once():
    jobs = [
        (
            draw(2, 16 + 8 * k, 30, 31, seed=k).astype(np.float32),
            draw(32, 16 + 8 * k, 3, 3).astype(np.float32),
        )
        for k in range(4)
    ]
    alone = [WAYS["F4"].forward(x, W, Geometry(1, 1)) for x, W in jobs]
    wrong = []

    def call(k):
        for _ in range(10):
            if not np.array_equal(WAYS["F4"].forward(*jobs[k], Geometry(1, 1)), alone[k]):
                wrong.append(k)

    callers = [threading.Thread(target=call, args=(k,)) for k in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


def test_the_number_of_blas_threads_is_what_it_was_afterwards():
    from threadpoolctl import threadpool_info

    def threads():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    before = threads()
    test_two_callers_at_once()
    assert threads() == before

    class Stop(Exception):
        pass

    def stop(part):
        raise Stop

    from minicnn.convolution.fast.threads import in_parallel

    with pytest.raises(Stop):
        in_parallel(stop, range(4), np.zeros(1))
    assert threads() == before


def test_the_number_of_blas_threads_is_ours_even_if_another_python_thread_set_it_first():
    """threadpoolctl >= 3.7 lets only one living thread set it and ignores the others without a word."""
    from minicnn.convolution.fast.threads import in_parallel, one_thread_each

    with one_thread_each:
        blas = one_thread_each.blas  # NumPy's, whatever SciPy or OpenCV have brought along since
    done, held = threading.Event(), threading.Event()

    def hold():
        for lib in blas:
            getattr(lib, "clear_controlling_thread", lambda force: None)(force=True)
            lib.set_num_threads(2)
        held.set()
        done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    inside = []
    try:
        before = [lib.get_num_threads() for lib in blas]
        in_parallel(lambda _: inside.append([lib.get_num_threads() for lib in blas]), range(4), np.zeros(1))
        after = [lib.get_num_threads() for lib in blas]
    finally:
        done.set()
        holder.join()
    assert inside == [[1] * len(blas)] * 4
    assert after == before == [2] * len(blas)


def test_rows_of_a_large_stack_on_two_threads_are_what_each_rule_gives():
    x = Tensor(draw(1, 8, 220, 220).astype(np.float32))
    y = ReLU()(x)
    gy = draw(3, *y.shape).astype(np.float32)
    assert gy.size > threads.LARGE
    g = backward(y, gy, x, [{}, {ReLU: ReLU.deconvnet}, {ReLU: ReLU.guided}])
    for row, rule, signal in zip(g, (ReLU.gx, ReLU.deconvnet, ReLU.guided), gy):
        assert np.array_equal(row, rule(y.op, signal))


def test_sums_in_shares_round_less_than_one_sum():
    x, W = draw(1, 512, 14, 14).astype(np.float32), draw(8, 512, 1, 1).astype(np.float32)
    truth = np.tensordot(W[:, :, 0, 0].astype(float), x[0].astype(float), 1)
    in_shares = np.linalg.norm(im2col.forward(x, W, Geometry())[0] - truth) / np.linalg.norm(truth)
    one_by_one = np.linalg.norm(
        np.cumsum(W[:, :, 0, 0, None, None] * x, axis=1)[:, -1] - truth
    ) / np.linalg.norm(truth)
    assert 0 < in_shares < one_by_one / 2


# -- which one when


def layer(C=16, F=16, **options):
    at = ConvLayer("c", C, F, 3, pad=1, **options)
    at.W.data = draw(F, at.W.shape[1], 3, 3).astype(np.float32)
    return at


def test_only_float32_and_only_fast_takes_winograd():
    x, W, geometry = (
        np.zeros((1, 16, 20, 20), np.float32),
        np.zeros((16, 16, 3, 3), np.float32),
        Geometry(1, 1),
    )
    assert isinstance(choose(x, W, geometry, "fast"), Winograd)
    assert choose(x, W, geometry, "exact") is im2col
    assert choose(x.astype(np.float64), W.astype(np.float64), geometry, "fast") is im2col
    for other in (Geometry(2, 1), Geometry(1, 1, 2), Geometry(1, 3)):
        assert choose(x, W, other, "fast") is im2col
    assert choose(x, W[:, :8], Geometry(1, 1, 1, 2), "fast") is taps
    with pytest.raises(ValueError, match="'fast' or 'exact'"):
        choose(x, W, geometry, "quick")


def test_exact_reaches_every_layer_and_changes_the_sum():
    net = nets.mini_vgg().initialise().eval()
    x = draw(1, 3, 64, 64).astype(np.float32)
    truth, fast, exact = net.astype(np.float64)(x.astype(np.float64)), net(x), net.compute("exact")(x)
    assert not np.array_equal(fast, exact)
    assert error(exact, truth) < 5e-6
    assert error(fast, truth) < 5e-5
    assert np.array_equal(net.compute("fast")(x), fast)


# -- transformed weights that are kept


def changed_in_place(at):
    at.W.data[3, 2, 1, 0] = np.nextafter(at.W.data[3, 2, 1, 0], np.float32(9))


def changed_by_a_step(at):
    at.W.data = at.W.data - np.float32(0.1) * at.W.data


def two_filters_swapped(at):
    at.W.data[[0, 5]] = at.W.data[[5, 0]]


@pytest.mark.parametrize("change", [changed_in_place, changed_by_a_step, two_filters_swapped])
def test_kept_weights_notice_every_change(change):
    x, at = draw(1, 16, 20, 20).astype(np.float32), layer()
    at(x)
    transforms = dict(at.kept.found)
    assert transforms, "nothing was kept, so nothing was tested"
    at(x)
    assert all(at.kept.found[key][1] is U for key, (_, U) in transforms.items())
    change(at)
    assert np.array_equal(at(x), layer_with(at.W.data)(x))
    assert all(at.kept.found[key][1] is not U for key, (_, U) in transforms.items())


def layer_with(W):
    fresh = layer()
    fresh.W.data = W.copy()
    return fresh


def test_a_layer_may_be_made_while_others_count_what_is_kept():
    """Training copies its network in one thread while another convolves: the maker must wait, or the count
    stumbles over it."""
    makers, one = [], Kept()
    one.found["made meanwhile"] = 0, _MakesALayer(makers)
    assert weight_cache.kept_bytes() > 0
    makers.pop().join()


class _MakesALayer:
    """A transform whose size is asked for while another thread makes a layer."""

    def __init__(self, makers):
        self.makers = makers

    @property
    def nbytes(self):
        self.makers.append(threading.Thread(target=Kept))
        self.makers[-1].start()
        self.makers[-1].join(0.2)  # done by then, unless it waits for the count to end
        return 1


def test_another_array_with_the_same_numbers_uses_what_was_kept():
    x, at = draw(1, 16, 20, 20).astype(np.float32), layer()
    at(x)
    ((_, U),) = at.kept.found.values()
    at.W.data = at.W.data.copy()
    at(x)
    ((_, again),) = at.kept.found.values()
    assert again is U


def test_a_copy_of_a_network_keeps_its_own():
    at = layer()
    twin = at.map(lambda a: 2 * a)
    x = draw(1, 16, 20, 20).astype(np.float32)
    assert twin.kept is not at.kept
    assert error(twin(x), 2 * at(x)) < 1e-6


def test_what_does_not_fit_is_not_kept(monkeypatch):
    x = draw(1, 16, 20, 20).astype(np.float32)
    monkeypatch.setattr(weight_cache, "LIMIT", weight_cache.kept_bytes() + 16 * 16 * 16 * 4)
    first, second = layer(), layer()
    y = first(x)
    assert first.kept.found and np.array_equal(second(x), y)
    assert not second.kept.found
    del first
    second(x)
    assert second.kept.found, "the memory of a layer that is gone is free again"


def test_fingerprint_tells_apart():
    W = draw(4, 5, 3, 3).astype(np.float32)
    seen = {weight_cache.fingerprint(W)}
    for n in range(W.size):
        other = W.copy()
        other.flat[n] = np.nextafter(other.flat[n], np.float32(9))
        seen.add(weight_cache.fingerprint(other))
    assert len(seen) == W.size + 1
    assert weight_cache.fingerprint(W.transpose(1, 0, 2, 3)) not in seen
    assert weight_cache.fingerprint(W[:, :, ::-1]) not in seen
    assert weight_cache.fingerprint(W.copy()) == weight_cache.fingerprint(W)
    assert isinstance(Kept(), Kept) and winograd.BLOCK > 0


# -- a deep network in float32 against itself in float64


def with_gates_of(y, other):
    """y, whose ReLUs and max-pools now remember the gates and switches of another run of the same network."""
    for mine, theirs in zip(history(y), history(other), strict=True):
        if isinstance(mine.op, ReLU):
            mine.op.x = theirs.op.x
        elif isinstance(mine.op, MaxPool):
            mine.op.switches = theirs.op.switches
    return y


def deep_errors(precision, size=96):
    """Errors of VGG-16's feature maps (summed per channel), of Grad-CAM's gradient and of the three signals
    at the picture."""
    vgg = nets.vgg16()
    steps = [at.name for at in vgg.steps]
    net = (
        Sequential(*vgg.steps[: steps.index("pool5")], Apply("gap", GlobalAvgPool))
        .initialise(3)
        .eval()
        .compute(precision)
    )
    x = draw(1, 3, size, size) * 50
    y, truth = net(Tensor(x.astype(np.float32))), net.astype(np.float64)(Tensor(x))
    errors = {"scores": error(y.data, truth.data)}
    with_gates_of(truth, y)
    for name, rules in {
        "gradient": {},
        "deconvnet": {ReLU: ReLU.deconvnet},
        "guided": {ReLU: ReLU.guided},
    }.items():
        ours, true = (
            backward(t, np.ones_like(t.data), [history(t)[0], find(t, "relu4_3")], rules) for t in (y, truth)
        )
        errors[name] = error(ours[0], true[0])
        errors[f"{name} at relu4_3"] = error(ours[1], true[1])
    return errors


@pytest.mark.parametrize("precision", ["fast", "exact"])
def test_a_deep_network_in_float32(precision):
    errors = deep_errors(precision)
    scores, maps = {"fast": (5e-5, 1e-4), "exact": (5e-6, 1e-5)}[precision]
    assert errors.pop("scores") < scores
    assert all(e < maps for e in errors.values()), errors


@pytest.mark.parametrize("kernel, geometry", [(1, Geometry()), (1, Geometry(pad=1)), (3, Geometry(2, 1))])
@pytest.mark.parametrize("filters", [[], [5], [0, 37], range(24)])
def test_filters_at_which_no_signal_arrives_are_skipped(kernel, geometry, filters):
    W, size = draw(40, 6, kernel, kernel), (9, 11)
    gy = np.zeros((2, 40, *geometry.windows(size, (kernel, kernel))))
    gy[:, list(filters), 1:] = draw(
        2, len(filters), *gy[0, 0, 1:].shape
    )  # none at the first pixel, which is looked at first
    found = im2col.gx(gy, W, size, geometry)
    assert error(found, taps.gx(gy, W, size, geometry)) < 1e-12 if len(filters) else not found.any()
