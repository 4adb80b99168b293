"""A short training, shards of unequal sizes, batchnorm, momentum and average, done again in plain NumPy."""

import warnings
import zipfile

import numpy as np
import pytest

from minicnn import CrossEntropy
from minicnn.layer import Apply, BatchNormLayer, ConvLayer, LinearLayer, Sequential
from minicnn.ops import GlobalAvgPool, ReLU
from minicnn.optimise import SGD
from minicnn.training import Run, TrainingError, checkpoint, exact, gradients, predict, train

PICTURES, BATCH, EPOCHS = 11, 5, 3  # two steps an epoch; one picture is left out of each
RANDOM = np.random.default_rng(5)
X, T = RANDOM.standard_normal((PICTURES, 2, 2, 2)) + 1, RANDOM.integers(0, 3, PICTURES)


def network():
    net = Sequential(
        ConvLayer("conv", 2, 3, 1, bias=False), BatchNormLayer("bn", 3), Apply("relu", ReLU),
        Apply("gap", GlobalAvgPool), LinearLayer("fc", 3, 3),
    )  # fmt: skip
    return net.initialise(0).astype(np.float64)


def slope(w, x, t):
    """Loss, hits, gradient and statistics of one shard, from the equations of its layers."""
    n, K = len(x), w["conv.W"][:, :, 0, 0]
    a = np.einsum("fc,ncij->nfij", K, x)
    mean, var = a.mean((0, 2, 3)), a.var((0, 2, 3))
    wide = lambda v: v[:, None, None]  # noqa: E731
    a_hat = (a - wide(mean)) / wide(np.sqrt(var + 1e-5))
    b = wide(w["bn.gamma"]) * a_hat + wide(w["bn.beta"])
    f = np.maximum(b, 0).mean((2, 3))
    y = f @ w["fc.W"].T + w["fc.b"]
    p = np.exp(y) / np.exp(y).sum(1, keepdims=True)
    gy = (p - np.eye(3)[t]) / n
    gb = (b > 0) * (gy @ w["fc.W"])[:, :, None, None] / 4
    ga_hat = gb * wide(w["bn.gamma"])
    about = ga_hat - wide(ga_hat.mean((0, 2, 3))) - a_hat * wide((ga_hat * a_hat).mean((0, 2, 3)))
    ga = about / wide(np.sqrt(var + 1e-5))
    g = {
        "conv.W": np.einsum("nfij,ncij->fc", ga, x)[:, :, None, None], "fc.W": gy.T @ f, "fc.b": gy.sum(0),
        "bn.gamma": (gb * a_hat).sum((0, 2, 3)), "bn.beta": gb.sum((0, 2, 3)),
    }  # fmt: skip
    return -np.log(p[range(n), t]).sum(), (y.argmax(1) == t).sum(), g, mean, var * 4 * n / (4 * n - 1)


def test_every_step_is_what_the_equations_say():
    seen, asked, validated, counted, net = [], [], [], set(), network()
    w = {name: tensor.data.copy() for name, tensor in net.arrays().items()}
    average, v = dict(w), {name: 0.0 for name in w if name not in ("bn.mean", "bn.var")}

    def sample(numbers, random, progress):
        seen.append((progress, random.random(), numbers))
        return X[numbers], T[numbers]

    def rate(step, steps):
        asked.append((step, steps))
        return 0.2 / (1 + step)

    class Counting(SGD):
        def update(self, *arrays, rate, t):
            counted.add(t)
            return super().update(*arrays, rate=rate, t=t)

    def validate(twin):
        validated.append({name: tensor.data.copy() for name, tensor in twin.arrays().items()})
        assert not any(layer.training for layer in twin.layers())
        return {"sum": 1.0}

    curves = train(
        net, sample, PICTURES, CrossEntropy, Counting(momentum=0.5, decay=0.1), rate,
        Run(EPOCHS, BATCH, seed=2, shards=3, average=0.3), validate=validate, show=False,
    )  # fmt: skip
    assert counted == {1, 2, 3, 4, 5, 6}
    assert asked == [(step, 6) for step in range(6)] and len(seen) == 18
    assert len({drawn for _, drawn, _ in seen}) == 18  # random numbers of its own for every shard
    epochs = []
    for step in range(6):
        shards = [numbers for progress, _, numbers in seen if progress == pytest.approx(step / 6)]
        assert sorted(map(len, shards)) == [1, 2, 2]
        epochs += [[]] if step % 2 == 0 else []
        epochs[-1] += np.concatenate(shards).tolist()
        parts = [slope(w, X[numbers], T[numbers]) for numbers in in_order(shards, step)]
        assert curves.loss[step] == pytest.approx(sum(part[0] for part in parts) / BATCH, rel=1e-9)
        assert curves.hits[step] == pytest.approx(sum(part[1] for part in parts) / BATCH)
        for name in v:
            sizes = [len(numbers) for numbers in in_order(shards, step)]
            g = sum(n * part[2][name] for n, part in zip(sizes, parts)) / BATCH
            v[name] = 0.5 * v[name] + g + (0.1 * w[name] if w[name].ndim > 1 else 0)
            w[name] = w[name] - 0.2 / (1 + step) * v[name]
        for *_, mean, var in parts:
            w["bn.mean"] = 0.9 * w["bn.mean"] + 0.1 * mean
            w["bn.var"] = 0.9 * w["bn.var"] + 0.1 * var
        keep = min(0.3, (step + 2) / (step + 11))
        average = {name: keep * average[name] + (1 - keep) * w[name] for name in w}
        if step % 2:
            agree(validated[step // 2], average)
    for numbers in epochs:
        assert len(set(numbers)) == len(numbers) == 10
    assert len({tuple(sorted(numbers)) for numbers in epochs}) > 1 and len(set(map(tuple, epochs))) == 3
    assert curves.validation == [{"epoch": epoch, "sum": 1.0} for epoch in (1, 2, 3)]
    agree({name: tensor.data for name, tensor in net.arrays().items()}, average)
    assert not any(layer.training for layer in net.layers())


def test_what_decides_every_bit():
    run = Run(2, 4, seed=7)
    assert (run.shards, run.average, Run(2, 4).seed, run.steps(11), run.steps(12)) == (2, 0, 0, 2, 3)
    for epoch in (0, 1):
        order = np.random.default_rng([7, epoch]).permutation(11)
        for place in (0, 1):
            assert np.array_equal(run.numbers(2 * epoch + place, 11), order[4 * place : 4 * place + 4])
    drawn = run.random(3, 2).random(5)
    assert np.array_equal(drawn, np.random.default_rng([7, 3, 2, 1]).random(5))


def test_a_shard_alone_has_the_whole_gradient():
    net, x, t = network(), X[:4], T[:4]
    w = {name: tensor.data.copy() for name, tensor in net.arrays().items()}
    found = gradients(net, CrossEntropy, x, t)
    loss, _, g, mean, _ = slope(w, x, t)
    assert found.loss == pytest.approx(loss / 4)
    agree({name: found.gradients[name] for name in g}, g)
    (seen,) = found.seen
    assert (seen.layer, seen.count) == ("bn", 16) and seen.mean == pytest.approx(mean)


def in_order(shards, step):
    """A step's shards in the order in which they are added up: that of the epoch's permutation."""
    order = np.random.default_rng([2, step // 2]).permutation(PICTURES).tolist()
    return sorted(shards, key=lambda numbers: order.index(numbers[0]))


def agree(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def test_a_batch_may_have_a_picture_for_each_shard_and_no_fewer():
    def asked(batch):
        sample, rate, run = lambda n, *_: (X[n], T[n]), lambda *_: 0.0, Run(1, batch, shards=3)
        return train(network(), sample, PICTURES, CrossEntropy, SGD(), rate, run, show=False)

    assert len(asked(3).loss) == 3
    with pytest.raises(TrainingError, match="3 shards"):
        asked(2)


def test_a_loss_that_is_infinite_ends_it():
    class Infinite(CrossEntropy):
        def forward(self, x, t):
            return super().forward(x, t) * np.inf

    with pytest.raises(TrainingError, match="loss became inf at step 0"):
        train(network(), lambda n, *_: (X[n], T[n]), PICTURES, Infinite, SGD(), lambda *_: 0.1,
              Run(1, BATCH), show=False)  # fmt: skip


def test_arrays_of_a_checkpoint_keep_their_order_and_are_numbers(tmp_path):
    path, columns = tmp_path / "c.npz", np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.savez(path, **{"a/x": columns, "a/empty": np.zeros((0, 2)), "b/n": np.int64(7)})
    found = checkpoint.read(path)
    assert np.array_equal(found["a"]["x"], columns) and found["a"]["empty"].shape == (0, 2)
    assert found["b"]["n"] == 7 and found["a"]["x"].flags.writeable
    for strange in (np.array(["ab"]), np.zeros(2, "V4"), np.zeros(1, "M8[s]")):
        np.savez(path, **{"a/x": strange})
        with pytest.raises(checkpoint.CheckpointError, match="not what is there") as error:
            checkpoint.read(path)
        assert str(error.value).startswith(f"{path} is no checkpoint that can be read (an array said to be ")
    for version, said in (((2, 0), None), ((3, 0), r"an array of version \(3, 0\)")):
        with zipfile.ZipFile(path, "w") as file, file.open("a/x.npy", "w") as member:
            np.lib.format.write_array(member, columns, version)
        if said is None:
            assert np.array_equal(checkpoint.read(path)["a"]["x"], columns)
        else:
            with pytest.raises(checkpoint.CheckpointError, match=said):
                checkpoint.read(path)
    with pytest.raises(checkpoint.CheckpointError, match="no ordinary file of that name"):
        checkpoint.read(tmp_path)
    np.savez_compressed(path, **{"a/x": np.random.default_rng(0).standard_normal(50)})
    with pytest.raises(checkpoint.CheckpointError, match="compressed"):
        checkpoint.read(path)
    with zipfile.ZipFile(path, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.writestr("a/x.npy", b""), file.writestr("a/x.npy", b"")
    with pytest.raises(checkpoint.CheckpointError, match="overlap"):
        checkpoint.read(path)


def test_predictions_are_in_order_and_in_eval_mode():
    net, asked = network(), []
    net["bn"].mean.data = np.array([1.0, 2.0, 3.0])

    def batch(numbers):
        asked.append(numbers.tolist())
        return X[numbers]

    found = predict(net, batch, PICTURES, size=4)
    assert sorted(asked) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    np.testing.assert_allclose(found, net.eval()(X), rtol=1e-12)
    asked.clear()
    predict(net, lambda numbers: batch(numbers % PICTURES), 130)
    assert sorted(map(len, asked)) == [2, 64, 64]


def test_a_set_of_classes_is_right_if_all_of_it_is():
    scores = np.array([[1.0, -1.0], [1.0, 1.0], [0.0, -1.0], [0.0, 1.0]])
    t = np.array([[1, 0], [1, 0], [0, 0], [1, 1]])
    assert exact(scores, t).tolist() == [True, False, True, False]
