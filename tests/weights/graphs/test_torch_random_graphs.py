"""Random graphs against autograd; 10,000 of them in tests/results/random_graphs.md."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
from tests.weights.graphs.torch_nets import random_graphs
from tests.weights.graphs.torch_nets.random_graphs import asked, draw


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("tens", range(20))
def test_nothing_is_silently_wrong(tens):
    for seed in range(20_000 + 10 * tens, 20_000 + 10 * tens + 10):
        found, used, _ = asked(seed)
        assert not found.silent, found
        assert found.kind != "refused" or found.says == "the scores do not depend on the picture", found
        assert 3 <= len(used) <= 12


def test_a_seed_is_a_graph():
    assert draw(7) == draw(7) != draw(8)


@pytest.mark.parametrize("table", ["OPERATIONS", "MAPS", "VIEWS"])
def test_every_operation_can_be_drawn(table):
    torch = pytest.importorskip("torch")
    values = {"x": torch.linspace(-1, 1, 240, dtype=torch.float64).view(random_graphs.SHAPE)}
    for name, template in getattr(random_graphs, table).items():
        code, _ = random_graphs._filled(template, "x", "v0", values, np.random.default_rng(0))
        assert random_graphs._run(code, "v0", values).numel() <= random_graphs.LARGEST, name
