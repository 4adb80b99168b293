"""Models of one line, each compared with autograd; see tests/results/one_line_models.md."""

import re

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from tests.weights.graphs.torch_nets.one_line import PAGE, answer, every  # noqa: E402

REFUSED = {
    "y = x // 0.3 + x",  # PyTorch has no derivative of it
    "y = torch.heaviside(x, torch.tensor(0.5, dtype=x.dtype)) * x",
    "y = torch.unique(x).sum() * x",
    "z = torch.complex(x, x); z.imag.mul_(2); y = z.abs()",  # in place, in part or several at once
    "y = x * 1; torch._foreach_mul_([y[0], y[1]], 2.0)",
    "y = x.prod(1).log()",  # NaN
    'y = x.masked_fill(x > 1, float("-inf")).logsumexp(1)',
    "y = x.to_sparse().to_dense() * 2",  # sparse
    "y = torch.sparse.mm(torch.eye(6).double().to_sparse(), x[0, 0])",
    "y = torch.from_numpy(x.detach().numpy()) * x",  # where nobody can follow
}
MODELS = every()
ROW = r"^\| [^|]* \| `(.*)` \| .* \| ([^|]*) \| \S+ \| \S+ \|$"  # its line, and what is PyTorch's own
PAGE_OF = re.search(r"PyTorch ([\d.]+):", PAGE.read_text("utf-8"))[1]
BORROWED = {line.replace("\\|", "|"): own for line, own in re.findall(ROW, PAGE.read_text("utf-8"), re.M)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group, line", MODELS, ids=[line for _, line in MODELS])
def test_nothing_is_silently_wrong(group, line):
    found = answer(group, line)
    assert not found.silent, found
    assert (found.kind == "refused") == (line in REFUSED), found
    assert (found.kind == "by design") <= (group == "gradient"), found
    if torch.__version__.split("+")[0] == PAGE_OF:  # another version may have other operators in it
        assert found.borrowed == BORROWED[line], found


def test_the_models_are_many_and_each_its_own():
    assert len(MODELS) == len(set(MODELS)) > 600
    page = PAGE.read_text("utf-8")
    assert all(line.replace("|", "\\|") in page for _, line in MODELS), "run the command again"
