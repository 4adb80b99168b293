"""A transformer's tokens read otherwise than they lie, each mistake made in plain NumPy."""

import numpy as np
import pytest

from gradcam import verify
from gradcam.verify.hypotheses.catalogue import HYPOTHESES
from gradcam.verify.layout import chosen, tokens
from gradcam.verify.reference.run import Run
from minicnn import Tensor, ops
from minicnn.places import Maps

K, H, W, CLASSES = 6, 3, 5, 4


class Tokens:
    """Patches of 4 x 4 as tokens between others, each token's numbers squared, a weight for every place."""

    def __init__(self, before=1, behind=0, order=(0, 2, 1)):
        random = np.random.default_rng(3)
        self.before, self.behind, self.order = before, behind, order
        self.cut, self.beside = random.standard_normal((K, 3, 4, 4)), random.standard_normal((2, 1, 3, K))
        self.head = random.standard_normal((CLASSES, (before + behind + H * W) * K))

    def astype(self, dtype):
        return self

    def __call__(self, x):
        x = x if isinstance(x, Tensor) else Tensor(x, "x")
        y = ops.Transpose(self.order)(ops.Reshape((-1, K, H * W))(ops.Conv(4)(x, self.cut)))
        ends = [self.beside[0][:, : self.before], self.beside[1][:, : self.behind]]
        parts = [np.repeat(end, len(x.data), 0) for end in ends]
        beside = [part for part in parts if part.shape[1]]
        A = ops.Concat(1)(*[*beside[: self.before > 0], y, *beside[self.before > 0 :]], name="tokens")
        A = ops.Mul()(A, A, name="squared")
        return ops.Linear()(ops.Reshape((len(x.data), -1))(A), self.head, name="scores")


X = np.random.default_rng(4).standard_normal((2, 3, 4 * H, 4 * W))
NET = Tokens()


def question(net=NET, method="grad_cam", c=2, layer="squared", **theirs):
    return verify.Question(net, X, c, method, layer, theirs)


def lying(net=NET, c=2):
    """The tokens (N, T, K) and their gradient, which is the head's row."""
    patches = X.reshape(2, 3, H, 4, W, 4).transpose(0, 2, 4, 1, 3, 5).reshape(2, H * W, -1)
    z = patches @ net.cut.reshape(K, -1).T
    beside = [np.repeat(net.beside[k][:, :n], 2, 0) for k, n in enumerate((net.before, net.behind))]
    A = np.concatenate([beside[0], z, beside[1]], axis=1) ** 2
    return A, np.repeat(net.head[c].reshape(1, -1, K), 2, 0)


def grid(v, start=1, sizes=(H, W)):
    return v[:, start : start + H * W].swapaxes(1, 2).reshape(2, K, *sizes)


def cam(A, g):
    return np.maximum((g.mean(axis=(2, 3), keepdims=True) * A).sum(axis=1), 0)


def made(q, name):
    (form,) = (f for h in HYPOTHESES for f in h.forms(q) if f.name == name)
    return Run(q, form.changes)["result"]


A, G = lying()
RIGHT = cam(grid(A), grid(G))
MISTAKES = {
    "the tokens' rows and columns exchanged: 5 x 3, where the picture has 3 x 5":
        cam(grid(A, sizes=(W, H)), grid(G, sizes=(W, H))),
    "tokens reshaped to maps without being transposed":
        cam(*(v[:, 1:].reshape(2, K, H, W) for v in (A, G))),
    "tokens left out at the wrong end: the last 1, not the first": cam(grid(A, 0), grid(G, 0)),
    "the gradient is averaged over other tokens than the patches: over all tokens":
        cam(grid(A), G.mean(axis=1)[:, :, None, None]),
    "the gradient is averaged over other tokens than the patches: the first token's gradient alone":
        cam(grid(A), G[:, 0, :, None, None]),
}  # fmt: skip


def test_tokens_are_read_as_the_network_lays_them_whatever_the_size_of_theirs():
    for theirs in ({"result": RIGHT}, {"result": MISTAKES[next(iter(MISTAKES))]}, {}):
        q = question(**theirs)
        assert q.layer == "squared, tokens as 3 x 5 patches, the first 1 left out"
        np.testing.assert_allclose(q.reference["result"], RIGHT, rtol=0, atol=1e-12 * RIGHT.max())
    assert verify.judge(question(result=RIGHT)).kind == "equal"


@pytest.mark.parametrize("name", MISTAKES)
def test_what_a_mistake_with_tokens_gives(name):
    theirs = MISTAKES[name]
    q = question(result=theirs)
    found = made(q, name)
    assert found.shape == theirs.shape
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-12 * theirs.max())
    if theirs.shape == RIGHT.shape:
        assert abs(theirs - RIGHT).max() > 0.1 * RIGHT.max(), "the mistake does not show here"
    verdict = verify.judge(q, pairs=False)
    assert verdict.kind == "differs" and str(verdict.causes[0]).startswith(name.partition(":")[0])


def test_a_wrong_grid_is_named_when_the_map_was_enlarged_too():
    wrong = MISTAKES["the tokens' rows and columns exchanged: 5 x 3, where the picture has 3 x 5"]
    rows, columns = (
        np.stack([np.interp((np.arange(N) + 0.5) * n / N - 0.5, np.arange(n), e) for e in np.eye(n)], 1)
        for n, N in ((W, 4 * H), (H, 4 * W))
    )
    verdict = verify.judge(question(result=rows @ wrong @ columns.T), pairs=False)
    assert verdict.kind == "differs" and verdict.names("the tokens' rows and columns exchanged")


def test_tokens_behind_the_patches_and_none():
    behind, none = Tokens(0, 2), Tokens(0, 0)
    A, G = lying(behind)
    q = question(behind, result=cam(grid(A, 2), grid(G, 2)))
    assert q.layer == "squared, tokens as 3 x 5 patches, the last 2 left out"
    np.testing.assert_allclose(q.reference["result"], cam(grid(A, 0), grid(G, 0)))
    name = "tokens left out at the wrong end: the first 2, not the last"
    np.testing.assert_allclose(made(q, name), q.theirs["result"], rtol=0, atol=1e-12)
    details = {f.name for h in HYPOTHESES for f in h.forms(q)}
    assert "the gradient is averaged over other tokens than the patches: over all tokens" in details
    assert not [name for name in details if "first token's gradient" in name]
    q = question(none, result=np.ones((2, H, W)))
    details = {f.name for h in HYPOTHESES for f in h.forms(q)}
    assert not [name for name in details if "wrong end" in name or "other tokens" in name]
    assert {"tokens reshaped to maps without being transposed"} <= details


def test_tokens_of_which_the_network_does_not_tell_are_read_by_the_size_of_theirs():
    t = Tensor(np.zeros((1, 13, 4)), "t")
    told = Maps(2, (1,), (3, 4), (None, None), before=1)
    assert chosen(t, (12, 16), (1, 4, 3), told) == tokens(told)
    assert chosen(t, (12, 16), (1, 4, 3)).grid == (4, 3) and chosen(t, (12, 16)).grid == (3, 4)
    last = Maps(1, (2,), (3, 4), (None, None))
    assert chosen(Tensor(np.zeros((1, 4, 12)), "t"), (12, 16), (), last) == tokens(last)
