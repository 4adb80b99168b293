"""Training: that it learns, that it is PyTorch's, and that nothing but the seed decides its bits."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from minicnn import CrossEntropy, backward, history, nets, ops, to_cpu, to_gpu
from minicnn.optimise import SGD, AdamW, constant
from minicnn.training import (
    CheckpointError,
    Curves,
    Run,
    TrainingError,
    checkpoint,
    exact,
    gradients,
    predict,
    top1,
    train,
)
from tests.minicnn import tiny_training as tiny
from tests.support import damaged
from tests.support.compare import same_bits
from tests.support.strict_array import StrictArray

ROOT = Path(__file__).parents[2]


def bits(net):
    return {name: tensor.data.tobytes() for name, tensor in net.arrays().items()}


@pytest.fixture(scope="module")
def whole():
    """(bits, curves) of a run that nothing interrupted."""
    net = tiny.network()
    curves = tiny.go(net, validate=tiny.slow)
    return bits(net), curves


def test_it_learns(whole):
    _, curves = whole
    assert np.mean(curves.loss[-4:]) < 0.7 * np.mean(curves.loss[:4])
    assert curves.recent(4)[1] > 0.8
    net = tiny.network()
    assert Curves.from_arrays(tiny.go(net).arrays()).loss == curves.loss  # validation has changed nothing
    scores = predict(net, in_use, 48, size=5)
    assert top1(scores, tiny.LABELS).mean() > 0.9


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not(whole):
    again, other = tiny.network(), tiny.network()
    tiny.go(again)
    tiny.go(other, Run(**{**vars(tiny.RUN), "seed": 4}))
    assert bits(again) == whole[0]
    assert all(bits(other)[name] != whole[0][name] for name in whole[0])


def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bits(tmp_path, whole):
    file, out = tmp_path / "checkpoint.npz", tmp_path / "out.npz"
    command = [sys.executable, "-m", "tests.minicnn.tiny_training", file, out]
    kills, places = 0, []
    while not out.exists():
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        before = places[-1] if places else 0
        while process.poll() is None and kills < 3:
            time.sleep(0.01)
            if file.exists() and (step := int(checkpoint.read(file)["about"]["step"])) > before:
                process.send_signal(signal.SIGKILL)
                kills, places = kills + 1, [*places, step]
                break
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL), said.decode()
    assert kills == 3 and 0 < places[0] < places[1] < places[2] < 16, places
    with np.load(out) as file:
        assert {name: file[name].tobytes() for name in whole[0]} == whole[0]
        for key, value in whole[1].arrays().items():
            assert same_bits(file[f"curve_{key}"], value)


def test_a_checkpoint_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    path = tmp_path / "c.npz"
    checkpoint.save(path, {"a": {"x": np.float32([1, 2])}, "empty": {}})
    monkeypatch.setattr(np, "savez", lambda file, **arrays: (file.write(b"half"), 1 / 0))
    with pytest.raises(ZeroDivisionError):
        checkpoint.save(path, {"a": {"x": np.float32([3, 4])}})
    monkeypatch.undo()
    assert checkpoint.read(path)["a"]["x"].tolist() == [1, 2]
    assert os.listdir(tmp_path) == ["c.npz"]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CheckpointError, match="remove it"):
        checkpoint.read(path)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    path = tmp_path / "c.npz"
    tiny.go(tiny.network(), Run(epochs=1, batch=12), checkpoint=path)
    with pytest.raises(CheckpointError, match=r"another run:\n.*\"epochs\": 1,.*\n.*\"epochs\": 2,"):
        tiny.go(tiny.network(), Run(epochs=2, batch=12), checkpoint=path)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_cannot_be_trained_is_said():
    with pytest.raises(TrainingError, match="48 pictures do not make batches of 64"):
        tiny.go(tiny.network(), Run(epochs=1, batch=64))
    net = tiny.network()
    net["fc"].W.data[:] = np.inf
    with pytest.raises(TrainingError, match="loss became nan at step 0: lower the learning rate"):
        tiny.go(net)


def test_shards_add_up_to_the_batch_where_no_batchnorm_tells_them_apart():
    net = nets.mini_vgg(classes=3).initialise(0).astype(np.float64)
    x, t = np.random.default_rng(0).standard_normal((6, 3, 16, 16)), np.array([0, 1, 2, 2, 1, 0])
    whole = gradients(net, CrossEntropy, x, t)
    parts = [
        gradients(net, CrossEntropy, x[at], t[at], len(at) / 6) for at in (np.arange(4), np.arange(4, 6))
    ]
    for name, g in whole.gradients.items():
        np.testing.assert_allclose(
            sum(part.gradients[name] for part in parts), g, rtol=1e-9, atol=1e-12 * np.abs(g).max()
        )
        assert g.any()


def test_training_leaves_the_networks_mode_and_other_threads_alone():
    net = tiny.network()
    x, t = tiny.sample(np.arange(12), np.random.default_rng(0), 0.0)
    before = bits(net)
    with ThreadPoolExecutor(2) as workers:
        shards = list(
            workers.map(
                lambda seed: gradients(net, CrossEntropy, x, t, 1.0, np.random.default_rng(seed)), [1, 1, 2]
            )
        )
    assert not any(at.training for at in net.layers()) and bits(net) == before
    first, same, other = ({name: g.tobytes() for name, g in shard.gradients.items()} for shard in shards)
    assert first == same and all(first[name] != other[name] for name in first)


def test_memories_are_released_on_the_way_back(monkeypatch):
    made = []

    def spy(y, *arguments, **options):
        made.extend(t.op for t in history(y) if t.op)
        assert any(isinstance(value, np.ndarray) for op in made for value in vars(op).values())
        return backward(y, *arguments, **options)

    monkeypatch.setattr("minicnn.training.shards.backward", spy)
    gradients(
        tiny.network(),
        CrossEntropy,
        *tiny.sample(np.arange(12), np.random.default_rng(0), 0.0),
        random=np.random.default_rng(0),
    )
    assert len(made) == 8
    assert not [value for op in made for value in vars(op).values() if isinstance(value, (np.ndarray, tuple))]


@pytest.mark.torch
def test_three_steps_are_those_of_pytorch():
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    net = nets.mini_vgg(batchnorm=True).initialise(0).astype(np.float64)
    theirs = twin(torch, net)
    random = np.random.default_rng(1)
    x, t = random.standard_normal((24, 3, 16, 16)), random.integers(0, 10, 24)
    run, began = Run(epochs=1, batch=8, shards=1), net.map(np.copy)
    curves = train(
        net,
        lambda n, *_: (x[n], t[n]),
        24,
        lambda: CrossEntropy(0.1),
        AdamW(decay=0.1),
        constant(1e-3),
        run,
        show=False,
    )

    matrices, vectors = ([w for w in theirs.parameters() if (w.ndim > 1) == many] for many in (True, False))
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}], lr=1e-3
    )
    for step in range(3):
        numbers = run.numbers(step, 24)
        optimiser.zero_grad()
        scores = theirs(torch.tensor(x[numbers]))
        loss = torch.nn.functional.cross_entropy(scores, torch.tensor(t[numbers]), label_smoothing=0.1)
        loss.backward()
        optimiser.step()
        assert curves.loss[step] == pytest.approx(loss.item(), rel=1e-9)
    reference = {
        name: value.numpy() for name, value in theirs.state_dict().items() if "num_batches" not in name
    }
    for (name, ours), expected in zip(net.arrays().items(), reference.values(), strict=True):
        scale = np.abs(expected - began.arrays()[name].data).max()  # how far the three steps went
        assert scale > 1e-4, name
        np.testing.assert_allclose(ours.data, expected, rtol=0, atol=1e-6 * scale, err_msg=name)


def twin(torch, net):
    """mini_vgg with batchnorm in PyTorch, with the same weights."""
    nn, steps, C = torch.nn, [], 3
    for F in (32, 64, 128, 256):
        for _ in range(2):
            steps += [nn.Conv2d(C, F, 3, padding=1, bias=False), nn.BatchNorm2d(F), nn.ReLU()]
            C = F
        steps.append(nn.MaxPool2d(2))
    theirs = nn.Sequential(*steps, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10)).double()
    state = {key: value for key, value in theirs.state_dict().items() if "num_batches" not in key}
    for key, tensor in zip(state, net.arrays().values(), strict=True):
        state[key] = torch.tensor(tensor.data)
    theirs.load_state_dict(state, strict=False)
    return theirs


def test_sgd_without_average_on_a_multi_label_problem():
    random = np.random.default_rng(2)
    x, t = (
        random.standard_normal((48, 3, 8, 8)).astype(np.float32),
        (random.random((48, 3)) < 0.5).astype(np.float32),
    )
    x += 2 * t[:, :, None, None]
    net, run = tiny.network(), Run(epochs=10, batch=12)
    assert exact(predict(net, lambda n: x[n], 48), t).mean() < 0.5
    train(
        net,
        lambda n, *_: (x[n], t[n]),
        48,
        ops.SigmoidCrossEntropy,
        SGD(),
        constant(0.1),
        run,
        hits=exact,
        show=False,
    )
    assert exact(predict(net, lambda n: x[n], 48), t).mean() > 0.9


def test_on_a_gpus_stand_in_the_training_is_the_same(tmp_path, whole):
    net = tiny.network().map(StrictArray)
    half, checkpointed = Run(**{**vars(tiny.RUN), "epochs": 2}), tmp_path / "c.npz"
    tiny.go(
        net,
        half,
        checkpoint=checkpointed,
        validate=lambda n: {"top": float(top1(predict(n, in_use, 48), tiny.LABELS).mean())},
    )
    again, reference = tiny.network().map(StrictArray), tiny.network()
    assert (
        len(tiny.go(again, half, checkpoint=checkpointed).loss) == 8
    )  # the checkpoint of a finished run: nothing is left to do
    tiny.go(reference, half)
    for name, tensor in reference.arrays().items():
        assert isinstance(net.arrays()[name].data, StrictArray) and isinstance(
            again.arrays()[name].data, StrictArray
        )
        np.testing.assert_allclose(net.arrays()[name].data.get(), tensor.data, rtol=1e-4, atol=1e-5)
        assert same_bits(net.arrays()[name].data.get(), again.arrays()[name].data.get())


@pytest.mark.gpu
def test_on_a_gpu_it_learns_too():
    net = to_gpu(tiny.network())
    curves = tiny.go(net)
    assert np.mean(curves.loss[-4:]) < 0.7 * np.mean(curves.loss[:4])
    assert top1(predict(to_cpu(net), in_use, 48), tiny.LABELS).mean() > 0.9


def in_use(numbers):
    return tiny.to_input(tiny.pictures()[numbers]) - np.float32(0.5)


def test_curves_as_a_picture(tmp_path, whole):
    whole[1].picture(tmp_path / "curves.png", steps_per_epoch=4)
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("what", damaged.archives("a/x", np.arange(12.0).reshape(3, 4)))
def test_a_damaged_or_hostile_checkpoint_is_said_to_be_one(tmp_path, what):
    path = tmp_path / "c.npz"
    path.write_bytes(damaged.archives("a/x", np.arange(12.0).reshape(3, 4))[what])
    with pytest.raises(CheckpointError, match=r"no checkpoint that can be read .*remove it"):
        checkpoint.read(path)


def test_what_amplifies_or_is_no_file_is_no_checkpoint(tmp_path):
    path = tmp_path / "c.npz"
    np.savez_compressed(path, **{"a/x": np.zeros(1 << 22)})
    for there in (path, tmp_path, tmp_path / "missing.npz"):
        with pytest.raises(CheckpointError, match="remove it"):
            checkpoint.read(there)


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no open file")
def test_what_a_killed_training_left_goes_with_the_next_checkpoint_but_not_what_is_being_written(tmp_path):
    path = tmp_path / "c.npz"
    left, other = tmp_path / ".c.npz.abc.part", tmp_path / ".other.npz.abc.part"
    for file in (left, other):
        file.write_bytes(b"half")
    with open(tmp_path / ".c.npz.def.part", "wb") as writing:
        checkpoint._lock(writing)
        checkpoint.save(path, {"a": {"x": np.ones(2)}})
    assert sorted(os.listdir(tmp_path)) == [".c.npz.def.part", ".other.npz.abc.part", "c.npz"]
