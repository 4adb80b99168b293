"""Optimisers and schedules: against their papers written out slowly, and against PyTorch."""

import math

import numpy as np
import pytest

from minicnn.optimise import SGD, Adam, AdamW, constant, cosine, one_cycle

RATES = [0.1, 0.03, 0.05, 0.001, 0.2]


def walk(optimiser, w, gradients, rates=RATES):
    """Every weight from first to last, the first one included."""
    memories, weights = [np.zeros_like(w) for _ in optimiser.memories], [w]
    for t, (g, rate) in enumerate(zip(gradients, rates), start=1):
        w, *memories = optimiser.update(w, g, *memories, rate=rate, t=t)
        weights.append(w)
    return weights


@pytest.fixture
def some():
    random = np.random.default_rng(5)
    return random.standard_normal((3, 4)), [random.standard_normal((3, 4)) for _ in RATES]


def test_adam_written_out_for_one_number():
    w, m, v = 1.0, 0.0, 0.0
    for t, g in enumerate([0.5, -0.2, 0.3], start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w -= 0.1 * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
    got = walk(Adam(), np.float64([[1.0]]), [np.float64([[g]]) for g in (0.5, -0.2, 0.3)], [0.1] * 3)[-1]
    assert got.item() == pytest.approx(w, rel=1e-14)


def test_decoupled_decay_does_not_pass_through_the_moments(some):
    w, _ = some
    still = [np.zeros_like(w)] * 5
    np.testing.assert_allclose(walk(AdamW(decay=0.1), w, still, [0.5] * 5)[-1], w * 0.95**5, rtol=1e-14)
    assert np.all(
        np.abs(walk(Adam(decay=0.1), w, still, [0.5] * 5)[1] - w) > 0.4
    )  # through them, any decay is a full step


@pytest.mark.parametrize(
    "optimiser", [SGD(0.9, decay=0.1), Adam(decay=0.1), AdamW(decay=0.1)], ids=lambda o: type(o).__name__
)
def test_vectors_do_not_decay_and_nothing_is_changed_in_place(optimiser, some):
    w, (g, *_) = some
    before = w.copy(), g.copy()
    plain = type(optimiser)(decay=0.0)
    memories = [np.zeros_like(w) for _ in optimiser.memories]

    def step(o, shape):
        return o.update(*(a.reshape(shape) for a in (w, g, *memories)), rate=0.1, t=1)[0]

    for shape, equal in (((12,), True), ((3, 4), False)):
        a, b = step(optimiser, shape), step(plain, shape)
        assert np.allclose(a, b, rtol=1e-6, atol=0) == equal
    np.testing.assert_array_equal(w, before[0])
    np.testing.assert_array_equal(g, before[1])
    assert not any(m.any() for m in memories)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("optimiser", "name", "options"),
    [
        (SGD(0.0), "SGD", {}),
        (SGD(0.9, decay=0.01), "SGD", {"momentum": 0.9, "weight_decay": 0.01}),
        (Adam(0.8, 0.99, 1e-6), "Adam", {"betas": (0.8, 0.99), "eps": 1e-6}),
        (Adam(decay=0.02), "Adam", {"weight_decay": 0.02}),
        (AdamW(decay=0.3), "AdamW", {"weight_decay": 0.3}),
    ],
)
def test_the_same_walk_as_pytorch_with_the_rate_changing(optimiser, name, options, some):
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    w, gradients = some
    theirs = torch.nn.Parameter(torch.tensor(w))
    other = getattr(torch.optim, name)([theirs], lr=1.0, **options)
    ours = walk(optimiser, w, gradients)
    for g, rate, expected in zip(gradients, RATES, ours[1:]):
        other.param_groups[0]["lr"], theirs.grad = rate, torch.tensor(g)
        other.step()
        np.testing.assert_allclose(expected, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)
    assert np.abs(ours[-1] - w).max() > 0.01


@pytest.mark.torch
@pytest.mark.parametrize(("steps", "warmup"), [(100, 0.3), (57, 0.25), (1000, 0.1)])
def test_one_cycle_is_that_of_pytorch(steps, warmup):
    torch = pytest.importorskip("torch", reason="needs the extra 'verify'")
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 3e-3, total_steps=steps, pct_start=warmup, cycle_momentum=False
    )
    rate = one_cycle(3e-3, warmup)
    for step in range(steps):
        assert rate(step, steps) == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-9)
        optimiser.step()
        if step < steps - 1:
            schedule.step()


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 10])
def test_a_cycle_of_few_steps_is_no_division_by_zero(steps):
    for warmup in (0.1, 0.25, 0.3, 0.5):
        assert all(0 < one_cycle(1.0, warmup)(step, steps) <= 1 for step in range(steps))


def test_cosine_and_constant():
    assert [cosine(2.0, 1.0)(step, 4) for step in (0, 2)] == pytest.approx([2.0, 1.5])
    assert cosine(2.0)(3, 4) == pytest.approx(1 + math.cos(math.pi * 0.75))
    assert constant(0.1)(3, 4) == 0.1
