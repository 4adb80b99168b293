"""The relatives beside other libraries: a few on mini_vgg each time, all of them in the committed table."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from gradcam import RELATIVES

for library in ("torch", "torchvision", "captum", "zennit", "pytorch_grad_cam", "torchcam"):
    if importlib.util.find_spec(library) is None:
        pytest.skip(
            f"{library} is not installed: pip install 'minicnn-gradcam[verify]'", allow_module_level=True
        )
from tests.gradcam.methods.relatives import LIMIT, Row, agrees, compared, mini_vgg, rows  # noqa: E402  after it is known that it can be imported

TABLE = Path(__file__).parents[2] / "results/relatives.md"
SLOW = ("Score-CAM", "Ablation-CAM", "Integrated Gradients, Gauss")


@pytest.fixture(scope="module")
def subject():
    return mini_vgg()


def test_the_other_libraries_find_the_same_maps_or_the_reason_is_proved(subject):
    found = {
        f"{row.method}, {row.library}": compared(subject, row)
        for row in rows(subject)
        if row.method not in SLOW
    }
    assert len(found) >= 15 and {name: far for name, far in found.items() if not agrees(*far)} == {}


def test_a_reference_that_is_zero_and_a_map_that_is_another_do_not_agree(subject):
    zero = Row("zero", "none", lambda *_: np.zeros((1, 4, 4)), lambda s: np.zeros((1, 4, 4)))
    with pytest.raises(AssertionError, match="nothing was compared"):
        compared(subject, zero)
    by_method = {row.method: row for row in rows(subject)}
    other = Row("other", "pytorch-grad-cam", by_method["LayerCAM"].theirs, by_method["Grad-CAM++"].ours)
    assert not agrees(*compared(subject, other))


def test_the_table_holds_every_method_on_every_network_and_all_agree():
    found = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")][2:]
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in found]
    methods = {re.sub(r"[^a-z+]", "", line[0].split(",")[0].lower()) for line in lines}
    assert {re.sub(r"[^a-z+]", "", name.split("lrp_")[0] or "lrp") for name in RELATIVES} <= methods | {
        "lrp"
    } and "lrp" in methods
    for network in ("mini_vgg", "resnet56", "squeezenet"):
        of = [line for line in lines if line[1] == network]
        assert len(of) >= 20
        for method, _, library, distance, convention, then in of:
            assert float(then or distance) <= LIMIT, f"{method} on {network}, {library}"
            assert bool(convention) == bool(then)
