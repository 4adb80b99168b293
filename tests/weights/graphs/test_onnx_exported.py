"""Some ninety small graphs, a kind each of what exporters write: what is found out about each, and its scores
beside onnxruntime's (python -m tests.weights.graphs.exported).
"""

import pytest

pytest.importorskip("onnx", reason="ONNX's own package is not installed")

from tests.weights.graphs.exported import KINDS
from tests.weights.graphs.exported.checked import found, problems, right


@pytest.mark.parametrize("name", KINDS)
def test_what_exporters_write(name, tmp_path):
    kind = KINDS[name]()
    assert problems(kind, found(kind, tmp_path / "net.onnx"), right(name)) == []
