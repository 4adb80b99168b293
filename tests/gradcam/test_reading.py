"""Signals, volumes and videos from files; whatever is none of them is one sentence."""

import sys
import wave
from types import SimpleNamespace

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
    for k in (0, *range(5, 12)):
        (tmp_path / f"slice{k}.png").unlink()
    (tmp_path / "slice1.png").rename(tmp_path / "slice5.png")
    Image.fromarray(grey[0][:5]).save(tmp_path / "slice0.png")
    with pytest.raises(AskError, match=r"slice2.png: .* and this one differs from slice0.png"):
        read_input(tmp_path, 5)
    for k in (2, 3, 4, 5):
        (tmp_path / f"slice{k}.png").unlink()
    assert read_input(tmp_path, 5).values.shape == (1, 1, 5, 8)


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


def test_names_that_do_not_fit_are_left_out_and_lines_are_counted_as_the_file_has_them(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text("'a' \"b\" c\n1;2\n3;4\n")
    assert read_input(path).names is None and read_input(path).values.tolist() == [[1, 3], [2, 4]]
    path.write_text("'a';\"b\"\n1;2\n")
    assert read_input(path).names == ["a", "b"] and read_input(path).what == "a signal"
    for text, said in (
        ("# two\n\n1,2\n# more\n3,oh\n", "line 5: 'oh' is no number"),
        ("a,b\n\n1,2\n3,4,5\n", "line 4: 3 numbers, not 2"),
        ("1,2\n3," + "y" * 50, f"line 2: '{'y' * 40}' is no number"), ("1\n2,3", "line 2: 2 numbers, not 1"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(AskError, match=said):
            read_input(path)


def test_arrays_with_a_batch_or_with_their_channels_last(tmp_path):
    for shape, axes, channels, found in (
        ((1, 1, 7), 3, None, (1, 7)), ((1, 7), 3, None, (1, 7)), ((1, 1, 4, 5, 6), 5, None, (1, 4, 5, 6)),
        ((7, 2), 3, 2, (2, 7)), ((2, 2), 3, 2, (2, 2)), ((4, 5, 6, 3), 5, 3, (3, 4, 5, 6)),
        ((1, 4, 5, 6), 5, 1, None),
    ):  # fmt: skip
        x = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
        np.save(tmp_path / "x.npy", x)
        read = read_input(tmp_path / "x.npy", axes, channels)
        last = channels is not None and shape[0] != channels
        assert read.what == "an array of int16" + (", its channels last" if last else "")
        expected = np.moveaxis(x, -1, 0) if last else x.reshape(found or shape)
        assert np.array_equal(read.values, expected) and read.values.dtype == np.float32
    for wrong, said in ((np.zeros(3, complex), "an array of numbers was expected"),
                        (np.zeros((2, 0)), "it holds no numbers"),
                        (np.zeros((2, 3, 4)), r"a signal \(C, L\), and this is an array of")):  # fmt: skip
        np.save(tmp_path / "x.npy", wrong)
        with pytest.raises(AskError, match=said):
            read_input(tmp_path / "x.npy")
    with pytest.raises(AskError, match="the network takes an input of 6 axes"):
        read_input(tmp_path / "x.npy", 6)


def test_a_volume_of_nifti_by_its_axes(tmp_path, monkeypatch):
    (tmp_path / "x.NII").touch()
    (tmp_path / "y.nii.gz").touch()
    errors = SimpleNamespace(ImageFileError=RuntimeError)
    held = {}
    nibabel = SimpleNamespace(load=lambda path: SimpleNamespace(dataobj=held["x"]), filebasedimages=errors)
    monkeypatch.setitem(sys.modules, "nibabel", nibabel)
    x = np.arange(24.0).reshape(2, 3, 4)
    for held["x"] in (x, x[..., None]):
        for name in ("x.NII", "y.nii.gz"):
            found = read_input(tmp_path / name, 5)
            assert found.values.shape == (1, 4, 3, 2) and found.values[0, 3, 1, 0] == x[0, 1, 3]
            assert found.what == "a volume" and not found.pixels
    for held["x"], shape in ((x[0], r"has 2: \(3, 4\)"), (np.stack([x, x], -1), r"has 4: \(2, 3, 4, 2\)")):
        with pytest.raises(AskError, match=f"a volume has three axes, and this {shape}"):
            read_input(tmp_path / "x.NII", 5)
    nibabel.load = lambda path: (_ for _ in ()).throw(RuntimeError("cut off"))
    with pytest.raises(AskError, match="this is no NIfTI file: cut off"):
        read_input(tmp_path / "x.NII", 5)
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(AskError, match="NIfTI needs nibabel"):
        read_input(tmp_path / "x.NII", 5)


def test_frames_are_read_in_grey_or_in_colours(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(AskError, match="there are no pictures in this folder"):
        read_input(tmp_path, 5)
    coloured = np.array([[[[0, 60, 255]]], [[[30, 60, 90]]]], np.uint8).repeat(2, axis=2)  # two of 1 x 2
    for n, frame in enumerate(coloured):
        Image.fromarray(frame).save(tmp_path / f"f{n}.PNG")
    found = read_input(tmp_path, 5, 3)
    assert found.what == "2 frames" and found.pixels and found.values.shape == (3, 2, 1, 2)
    assert np.array_equal(np.rint(found.values * 255), coloured.transpose(3, 0, 1, 2))
    found = read_input(tmp_path, 5, 1)
    assert found.what == "2 frames" and np.rint(found.values * 255).tolist() == [[[[105, 105]], [[60, 60]]]]
    for n in (0, 1):
        Image.fromarray(coloured[n, ..., 0]).save(tmp_path / f"f{n}.PNG")
    for channels, what in ((None, "2 slices"), (1, "2 slices"), (3, "2 frames")):
        found = read_input(tmp_path, 5, channels)
        assert found.what == what and found.values.shape == (3 if channels == 3 else 1, 2, 1, 2)
        assert (np.rint(found.values * 255) == [[[0, 0]], [[30, 30]]]).all()


def test_what_goes_wrong_while_reading_is_said_in_short(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_text("1\n")
    for error, said in ((MemoryError(), "there is not enough memory for it"),
                        (OSError("a\n b" + "c" * 300), "cannot be read: a b" + "c" * 197 + "$")):  # fmt: skip
        monkeypatch.setattr("gradcam.reading._table", lambda path, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(AskError, match=said):
            read_input(tmp_path / "x.csv")


def test_a_sound_that_is_cut_off_ends_with_its_last_whole_sample(tmp_path, monkeypatch):
    class Cut:
        getsampwidth, getnchannels, getframerate, getnframes = (lambda self, n=n: n for n in (2, 3, 100, 2))
        __enter__, __exit__ = (lambda self: self), (lambda self, *_: None)

        def readframes(self, n):
            return np.array([16384, -16384, 8192, 1], "<i2").tobytes() + b"x"

    (tmp_path / "x.wav").touch()
    monkeypatch.setattr(wave, "open", lambda path: Cut())
    assert read_input(tmp_path / "x.wav").values.tolist() == [[0.5], [-0.5], [0.25]]
