"""Signals, volumes and videos from files; whatever is none of them is one sentence."""

import wave

import numpy as np
import pytest
from PIL import Image

from gradcam.asking import AskError
from gradcam.reading import read_input


@pytest.mark.parametrize("text, names", [
    ("I,II\n1,2\n3,4\n5,6.5\n", ["I", "II"]),
    ("1 2\n3 4\n5 6.5\n", None),
    ("\ufeffI;II\r\n1;2\r\n3;4\r\n5;6.5\r\n\r\n", ["I", "II"]),
    ("# of a patient\n1\t2\n3\t4\n5\t6.5", None),
])  # fmt: skip
def test_a_table_has_a_column_for_each_lead(tmp_path, text, names):
    (tmp_path / "x.csv").write_text(text, "utf-8", newline="")
    found = read_input(tmp_path / "x.csv")
    np.testing.assert_array_equal(found.values, np.float32([[1, 3, 5], [2, 4, 6.5]]))
    assert found.names == names


@pytest.mark.parametrize("wide", [1, 2, 3, 4])
def test_a_sound_is_read_from_minus_one_to_one(tmp_path, wide):
    full = 2 ** (8 * wide - 1)
    values = np.array([[0, full - 1], [-full, full // 2], [1, -1]])
    stored = values + 128 if wide == 1 else values
    raw = b"".join(int(v).to_bytes(wide, "little", signed=wide > 1) for v in stored.ravel())
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setnchannels(2), file.setsampwidth(wide), file.setframerate(8000), file.writeframes(raw)
    found = read_input(tmp_path / "x.wav", channels=2)
    np.testing.assert_allclose(found.values, values.T / full, rtol=0, atol=1e-7)
    assert found.what == "a sound of 8000 Hz"


def test_arrays_are_taken_as_they_are(tmp_path):
    for shape, axes, found in (
        ((7,), 3, (1, 7)), ((2, 7), 3, (2, 7)), ((1, 2, 7), 3, (2, 7)), ((3, 4, 5), 5, (1, 3, 4, 5)),
        ((2, 3, 4, 5), 5, (2, 3, 4, 5)), ((1, 2, 3, 4, 5), 5, (2, 3, 4, 5)),
    ):  # fmt: skip
        np.save(tmp_path / "x.npy", x := np.random.default_rng(0).random(shape))
        read = read_input(tmp_path / "x.npy", axes).values
        assert read.shape == found and np.array_equal(read.ravel(), x.ravel().astype(np.float32))


def test_a_folder_of_slices_is_a_volume_and_of_frames_a_video(tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (12, 6, 8), np.uint8)
    for k, slice in enumerate(grey):
        Image.fromarray(slice).save(tmp_path / f"slice{k}.png")  # 10 comes after 9
    found = read_input(tmp_path, 5)
    np.testing.assert_allclose(found.values, grey[None] / np.float32(255), atol=1e-7)
    assert found.what == "12 slices"
    coloured = np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)
    Image.fromarray(coloured).save(tmp_path / "slice3.png")
    assert read_input(tmp_path, 5).values.shape == (3, 12, 6, 8)
    assert read_input(tmp_path, 5, channels=1).values.shape == (1, 12, 6, 8)
    Image.fromarray(coloured[:5]).save(tmp_path / "slice4.png")
    with pytest.raises(AskError, match=r"slice4.png: all slices have one size"):
        read_input(tmp_path, 5)


def test_nifti(tmp_path):
    nibabel = pytest.importorskip("nibabel", reason="minicnn-gradcam[volumes] is not installed")
    x = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(x, np.eye(4)), tmp_path / "x.nii.gz")
    np.testing.assert_array_equal(read_input(tmp_path / "x.nii.gz", 5).values, x.transpose(2, 1, 0)[None])


@pytest.mark.parametrize("name, content, axes, said", [
    ("x.csv", b"", 3, "there are no numbers in it"),
    ("x.csv", b"a,b\n", 3, "there are no numbers in it"),
    ("x.csv", b"1,2\n3,x\n", 3, "line 2: 'x' is no number"),
    ("x.csv", b"a,b\n1,2\n3\n", 3, "line 3: 1 numbers, not 2"),
    ("x.csv", b"1\nnan\n", 3, "numbers that are not finite"),
    ("x.csv", b"\xff\xfe\x00", 3, "cannot be read"),
    ("x.csv", b"1\n2\n", 5, r"the network takes a volume \(C, D, H, W\), and this is a signal"),
    ("x.wav", b"RIFF", 3, "cannot be read"),
    ("x.npy", b"", 3, "cannot be read"),
    ("x.mp3", b"", 3, "a signal is a .csv, .wav or .npy file"),
])  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(tmp_path, name, content, axes, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AskError, match=said) as error:
        read_input(tmp_path / name, axes)
    assert "\n" not in str(error.value) and name in str(error.value)
    with pytest.raises(AskError, match="no such file"):
        read_input(tmp_path / "none.csv")


def test_pickles_are_never_loaded(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(AskError, match="cannot be read"):
        read_input(tmp_path / "x.npy")
    (tmp_path / "two.csv").write_text("1,2\n3,4", "utf-8")
    with pytest.raises(AskError, match="takes 3 channels, and this has 2"):
        read_input(tmp_path / "two.csv", channels=3)


def test_a_video_is_an_animation_or_has_its_channels_last(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (4, 8, 6, 3), np.uint8)
    np.save(tmp_path / "last.npy", frames)
    found = read_input(tmp_path / "last.npy", 5, 3)
    assert np.array_equal(found.values, frames.transpose(3, 0, 1, 2)) and "channels last" in found.what
    assert not found.pixels
    pictures = [Image.fromarray(np.repeat(frame[..., :1], 3, axis=2)) for frame in frames]
    pictures[0].save(tmp_path / "clip.gif", save_all=True, append_images=pictures[1:])
    found = read_input(tmp_path / "clip.gif", 5, 3)
    assert found.values.shape == (3, 4, 8, 6) and found.pixels and found.what == "4 frames"
    assert np.array_equal(np.rint(255 * found.values[1]), frames[..., 0])
    assert read_input(tmp_path / "clip.gif", 5, 1).values.shape == (1, 4, 8, 6)
