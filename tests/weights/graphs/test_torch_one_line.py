"""445 models of one line, each compared with autograd; see tests/results/one_line_models.md."""

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from tests.weights.graphs.torch_nets.one_line import PAGE, answer, every

REFUSED = {"y = x // 0.3 + x"}  # PyTorch has no derivative of its floor_divide
MODELS = every()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group, line", MODELS, ids=[line for _, line in MODELS])
def test_nothing_is_silently_wrong(group, line):
    found = answer(group, line)
    assert not found.silent, found
    assert (found.kind == "refused") == (line in REFUSED), found
    assert (found.kind == "by design") <= (group == "gradient"), found


def test_the_models_are_many_and_each_its_own():
    assert len(MODELS) == len(set(MODELS)) > 400
    page = PAGE.read_text("utf-8")
    assert all(line.replace("|", "\\|") in page for _, line in MODELS), "run the command again"
