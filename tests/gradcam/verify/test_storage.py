"""Precision of storage, apart from that of the computation: a right map stays right, a wrong one wrong."""

import io

import numpy as np
import pytest

from gradcam import verify
from gradcam.verify.reference.run import Run
from gradcam.verify.rounding.storage import DECIMALS, STEPS, step, storage
from tests.gradcam.verify.test_judge import X, net

RIGHT = verify.Question(net(), X, 1, "grad_cam", "relu1").reference["map"]
SHIFTED = RIGHT + 0.02 * RIGHT.max() * np.random.default_rng(3).random(RIGHT.shape)  # 1 % off, on average


def as_text(a, digits="%.6g"):
    file = io.StringIO()
    np.savetxt(file, a[0], digits, ",")
    file.seek(0)
    return np.loadtxt(file, delimiter=",")[None]


def as_bfloat16(a):
    bits = (np.float32(a).view(np.uint32) + 0x8000) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32)


def as_bytes(a):
    return np.uint8(255 * (a - a.min()) / (a.max() - a.min()))


KEPT = {
    "float16": np.float16,
    "bfloat16": as_bfloat16,
    "6 digits": as_text,
    "4 digits": lambda a: as_text(a, "%.4g"),
    "3 decimals": lambda a: as_text(a / a.max(), "%.3f"),
}


def ask(result):
    return verify.network(net(), X, 1, "grad_cam", "relu1", result)


@pytest.mark.parametrize("kind", KEPT)
def test_a_right_map_is_right_however_it_was_kept_and_a_wrong_one_is_not(kind):
    right = ask(KEPT[kind](RIGHT))
    assert right.status == 0 and kind in str(right), str(right)
    assert ask(KEPT[kind](SHIFTED)).status == 1


@pytest.mark.parametrize("divided", [1, 255])
def test_a_right_map_in_256_steps_is_a_convention_and_no_mistake(divided):
    kept = as_bytes(RIGHT) if divided == 1 else as_bytes(RIGHT) / np.float32(255)
    verdict = ask(kept)
    assert verdict.causes and {c.kind for c in verdict.causes} == {"scale"}, str(verdict)
    assert any("8 bits" in note for note in verdict.notes)
    wrong = ask(as_bytes(np.maximum(SHIFTED - 0.05 * SHIFTED.max(), 0)))
    assert not any(
        c.names[0].startswith(("stretched", "divided")) and len(c.names) == 1 for c in wrong.causes
    )


def test_storage_is_seen_by_the_values_and_not_by_a_few_round_numbers():
    seen = {kind: storage(np.float64(keep(RIGHT)), RIGHT) for kind, keep in KEPT.items()}
    assert seen == {kind: kind for kind in KEPT} and set(seen) < set(STEPS) | set(DECIMALS)
    assert storage(np.float64(as_bytes(RIGHT)), RIGHT) == "8 bits"
    assert storage(np.float64(np.float32(RIGHT)), RIGHT) == storage(RIGHT, RIGHT) == ""
    few = np.zeros((1, 4, 4))
    few[0, 0, :3] = 1, 2, 0.5
    assert storage(few, RIGHT) == "" and storage(few, RIGHT, "float16") == "float16"
    few[0, 0, :3] = as_bfloat16(np.array([0.1234567, 2, 0.7654321]))
    assert storage(few, RIGHT) == "bfloat16" and storage(few / 3, RIGHT) == ""
    few[0, 0, :3] = 0.123457, 2, 0.5
    assert storage(few, RIGHT) in ("6 digits", "6 decimals") and storage(few / 3, RIGHT) == ""


def test_three_values_in_255ths_of_a_right_map_accuse_nobody():
    small = X[..., :2, :2]
    right = verify.Question(net(), small, 1, "grad_cam", "relu1").reference["map"]
    kept = as_bytes(right) / np.float32(255)
    assert 1 < np.unique(kept[kept != 0]).size < 4 and storage(np.float64(kept), right) == ""
    verdict = verify.network(net(), small, 1, "grad_cam", "relu1", kept)
    assert verdict.kind == "imprecise" and "8 bits" in str(verdict), str(verdict)


def test_bytes_divided_by_255_are_bytes_in_float16_too_and_six_digits_are_none_by_chance():
    kept = np.float16(as_bytes(RIGHT) / 255)
    assert storage(np.float64(kept), RIGHT, "float16") == "8 bits, then float16"
    assert storage(np.float64(np.float16(RIGHT / RIGHT.max())), RIGHT, "float16") == "float16"
    verdict = ask(kept)
    assert verdict.kind == "convention" and verdict.names("stretched from minimum to maximum"), str(verdict)
    almost = np.zeros((1, 2, 2))
    almost[0, 0, 0] = 0.123456 * (1 + 2e-8)  # six digits, as far as float32 can tell
    theirs = np.full((1, 2, 2), 0.654321)
    assert storage(theirs, almost) in ("6 digits", "6 decimals") and storage(theirs, theirs) == ""


@pytest.mark.parametrize("kind", ["float16", "bytes"])
def test_a_wrong_map_that_was_also_divided_by_its_maximum_is_named_without_trying_pairs(kind):
    q = verify.Question(net(), X, 1, "grad_cam", "relu1")
    mistakes = {
        "the maximum instead of the mean over i, j": (
            "weights",
            lambda v: v.gradient.max((-2, -1), keepdims=True),
        ),
        "the final ReLU is missing": ("map", lambda v: v.signed),
        "another class": ("start", lambda v: (v.y, np.eye(4)[[2]])),
    }
    for name, (at, change) in mistakes.items():
        wrong = Run(q, ((name, at, lambda q, v, old, change=change: change(v)),))["map"]
        kept = as_bytes(wrong) if kind == "bytes" else np.float16(wrong / abs(wrong).max())
        verdict = verify.network(net(), X, 1, "grad_cam", "relu1", kept, pairs=False)
        assert verdict.status == 1 and verdict.names(name), str(verdict)
        assert "in another scale, too, which is no mistake: " in str(verdict)


def test_a_cause_that_rescales_does_not_hide_another_that_gives_the_same_numbers():
    signed = verify.Question(net(), X, 1, "grad_cam", "relu1").reference["signed"]
    verdict = verify.network(
        net(), X, 1, "grad_cam", "relu1", as_bytes(signed) / np.float32(255), pairs=False
    )
    assert verdict.names("map stretched to 0..1 before the ReLU"), str(verdict)
    assert verdict.names("the final ReLU is missing"), str(verdict)


@pytest.mark.parametrize("colours", ["jet", "viridis", "gray", "opencv", "bgr"])
def test_a_picture_of_a_map_is_read_back(colours):
    import matplotlib

    from gradcam.verify.rounding.colours import jet

    m = (RIGHT - RIGHT.min()) / np.ptp(RIGHT)
    name = "jet" if colours == "bgr" else colours
    table = jet() if name == "opencv" else matplotlib.colormaps[name](np.arange(256))[:, :3]
    shown = np.uint8(255 * table[np.uint8(255 * m)])[..., :: -1 if colours == "bgr" else 1]
    verdict = ask(shown)
    assert verdict.status == 0 and {c.kind for c in verdict.causes} == {"scale"}, str(verdict)
    assert ("what is red there is low" in str(verdict)) == (colours == "bgr")
    assert ask(shown[:, ::-1]).names("map mirrored")


def test_maps_come_as_text_and_as_pictures(tmp_path):
    from PIL import Image

    from gradcam.verify import files

    np.savetxt(tmp_path / "map.csv", RIGHT[0], "%.6g", ",")
    Image.fromarray(as_bytes(RIGHT)[0]).save(tmp_path / "map.png")
    assert ask(files.array(tmp_path / "map.csv", "their map")).kind == "equal"
    assert ask(files.array(tmp_path / "map.png", "their map")).kind == "convention"
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "bad.csv").write_text("no, numbers")
    for name in ("bad.png", "bad.csv", "none.csv"):
        with pytest.raises(verify.VerifyError, match="their map"):
            files.array(tmp_path / name, "their map")


def test_channels_may_come_last():
    right = verify.Question(net(), X, 1, "gradient").reference["result"]
    assert verify.network(net(), X, 1, "gradient", None, np.moveaxis(right, 1, -1)).kind == "equal"
    assert verify.network(net(), X, 1, "gradient", None, np.moveaxis(right, 1, -1)[0]).kind == "equal"


def test_what_is_no_ordinary_file_is_never_opened(tmp_path):
    from gradcam.verify import files

    (tmp_path / "map.csv").mkdir()
    with pytest.raises(verify.VerifyError, match=r"their map .*map\.csv: this is no ordinary file"):
        files.array(tmp_path / "map.csv", "their map")


def test_how_far_keeping_moves_a_value():
    """Of the largest one 1: rounding to a byte, to a colour map's neighbours, to digits."""
    values = np.linspace(1, 1.02, 54_321)
    moved = {
        "float16": values.astype(np.float16),
        "bfloat16": as_bfloat16(values),
        **{f"{n} digits": [float(f"%.{n}g" % v) for v in values] for n in (3, 4, 5, 6)},
    }
    for kind, kept in moved.items():
        assert 0.8 * STEPS[kind] < np.max(abs(kept - values)) < 1.001 * STEPS[kind], kind
    for largest in (1, 200 / 255):  # in 255ths, and as whole numbers
        fine = np.linspace(0, largest, 54_321)
        for kept, unit in ((np.floor(255 * fine) / 255, 1), (np.floor(255 * fine), 255)):
            most = np.max(abs(kept - unit * fine)) / kept.max()
            assert 0.99 * step("8 bits", kept) < most <= step("8 bits", kept)
        assert step("8 bits, then float16", kept) == step("8 bits", kept) + STEPS["float16"]
    assert STEPS["the colours of a colour map"] == 5 / 512  # two and a half of 256 colours
