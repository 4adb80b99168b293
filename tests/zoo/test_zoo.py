"""Seventy small networks, live: every operator ours, every answer PyTorch's in float64; and the matrix."""

import json
import pathlib

import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'minicnn-gradcam[verify]'")
pytest.importorskip("tests.support.torchvision_models", reason="torchvision is not installed")
from tests.weights.graphs.torch_nets import EVERY
from tests.zoo import live
from tests.zoo.__main__ import rows_of
from tests.zoo.hand_written import HAND_WRITTEN
from tests.zoo.page import equal_scores, family, guided_verdict, page, verdict
from tests.zoo.timm_names import line

RESULTS = pathlib.Path(__file__).parents[1] / "results"
TORCHVISION = ("squeezenet1_1", "shufflenet_v2_x0_5", "mnasnet0_5", "mobilenet_v3_small", "resnet18",
    "efficientnet_b0", "regnet_y_400mf", "swin_t")  # fmt: skip
NAMES = [*(f"hand:{n}" for n in (*EVERY, *HAND_WRITTEN)), *(f"tv:{n}" for n in TORCHVISION)]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_taken_whole_and_right(name):
    row = live.examine(name, "a group", 100)
    assert row["kind"] in ("equal", "framework"), row
    assert verdict(row) == "ours", row
    assert guided_verdict(row) in ("right", "refused"), row


def test_the_committed_matrix_is_what_its_rows_say():
    rows = [rows_of(RESULTS / f"zoo_{kind}.jsonl") for kind in ("live", "onnx")]
    assert (RESULTS / "zoo.md").read_text("utf-8") == page(*rows)
    assert len({row["name"] for row in rows[0]}) == len(rows[0])


def test_a_killed_run_leaves_whole_rows(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"name": "a"}) + '\n{"name": "b", "ki', "utf-8")
    assert rows_of(path) == [{"name": "a"}]


def test_a_line_is_a_name_without_numbers_and_sizes():
    assert line("resnetv2_50d_evos") == "resnetv2_d_evos"
    assert line("resnet10t") == line("resnet26t") == "resnett"
    assert line("xcit_nano_12_p8_224") == line("xcit_large_24_p16_384")


def test_families_are_told_by_what_they_compute_with():
    row = {"group": "timm", "convolutions": 3, "products": 0}
    assert family(row) == "timm CNN"
    assert family(row | {"products": 2}) == "timm hybrid"
    assert family(row | {"convolutions": 0}) == "timm transformer"
    assert family({"group": "hand-written"}) == "hand-written"


def test_what_differs_is_wrong_unless_pytorchs_own_answer_moves_as_much():
    row = {"kind": "equal", "borrowed": {}, "scores": 1e-14, "saliency": 3e-9, "grad_cam": 1e-12}
    assert verdict(row) == "wrong"
    assert verdict(row | {"conditioning": {"saliency": 1e-9}}) == "ours"
    assert verdict(row | {"saliency": 1e-13, "borrowed": {"fft": 1}}) == "with fallback"
    assert guided_verdict({"guided": "SiLU is in the backward pass"}) == "refused"
    assert guided_verdict({"guided": 1e-3}) == "wrong"


def test_scores_as_onnx_are_onnxruntimes_or_as_near_to_float64s():
    assert equal_scores({"scores": 9e-6})
    assert equal_scores({"scores": 4e-5, "exact": {"ours": 3e-5, "onnxruntime": 2e-5}})
    assert not equal_scores({"scores": 4e-5, "exact": {"ours": 4e-5, "onnxruntime": 1e-6}})
    assert not equal_scores({"scores": 0.6, "exact": {"ours": 0.6, "onnxruntime": 0.5}})
    assert not equal_scores({"scores": 4e-5})
