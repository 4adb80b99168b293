"""Files are written whole, in their place, and over nothing else."""

import os

import pytest

from gradcam.files import SaveError, check_place, fresh_folder, written
from minicnn import Error


def test_a_file_appears_when_it_is_complete_and_replaces_an_ordinary_one(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with written(tmp_path / "a") as file:
        file.write(b"new")
        assert (tmp_path / "a").read_bytes() == b"old"
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"new"}


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), written(tmp_path / "a") as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"old"}


def test_links_pipes_devices_and_directories_are_refused(tmp_path):
    (tmp_path / "target").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, says in {
        "link": "symbolic link",
        "dangling": "symbolic link",
        "pipe": "no ordinary file",
        "folder": "directory",
        "folder/no/a": "no folder",
    }.items():
        with pytest.raises(SaveError, match=says) as found, written(tmp_path / name):
            raise AssertionError("begun")
        assert isinstance(found.value, Error)
    with pytest.raises(SaveError, match="no ordinary file"):
        check_place("/dev/null")
    assert (tmp_path / "target").read_bytes() == b"theirs" and not (tmp_path / "nowhere").exists()


def test_an_input_is_never_overwritten_under_any_name(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"photo")
    os.link(tmp_path / "photo.png", tmp_path / "same.png")
    for name in ("photo.png", "same.png"):
        with pytest.raises(SaveError, match="overwrite what it is made from"):
            check_place(tmp_path / name, [None, "no such file", tmp_path, tmp_path / "photo.png"])
    with pytest.raises(SaveError, match="such a file already"):
        check_place(tmp_path / "photo.png", replace=False)
    assert check_place(tmp_path / "other.png", [tmp_path / "photo.png"], replace=False).name == "other.png"


def test_a_place_that_does_not_exist_or_may_not_be_written(tmp_path, monkeypatch):
    with pytest.raises(SaveError, match="there is no folder"):
        check_place(tmp_path / "none" / "a")
    with pytest.raises(SaveError, match="cannot be written"):
        check_place(tmp_path / ("a" * 300))
    (tmp_path / "a").touch()
    for closed in (tmp_path, tmp_path / "a"):
        monkeypatch.setattr(os, "access", lambda path, how, closed=closed: path != closed)
        with pytest.raises(SaveError, match="you may not write there"):
            check_place(tmp_path / "a")
    assert check_place(tmp_path / "new") == tmp_path / "new", "of a file that is not there nothing is asked"


def test_a_disk_that_is_full_is_one_sentence(tmp_path):
    with pytest.raises(SaveError, match="a: cannot be written: No space left"), written(tmp_path / "a"):
        raise OSError(28, "No space left")
    assert not any(tmp_path.iterdir())


def test_a_folder_of_ones_own_is_new_or_empty_and_emptied_again_if_anything_fails(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("there", "new"):
        with pytest.raises(KeyboardInterrupt), fresh_folder(tmp_path / name) as at:
            (at / "sub").mkdir()
            (at / "sub" / "a").touch()
            (at / "b").touch()
            raise KeyboardInterrupt
    assert not any((tmp_path / "there").iterdir()) and not (tmp_path / "new").exists()
    with pytest.raises(SaveError, match="cannot be written: No space left"), fresh_folder(tmp_path / "full"):
        raise OSError(28, "No space left")
    assert not (tmp_path / "full").exists() and (tmp_path / "there").is_dir()
    for name in ("there", "made"):
        with fresh_folder(tmp_path / name) as at:
            (at / "a").touch()
        with pytest.raises(SaveError, match="there are files in this folder already"), fresh_folder(at):
            raise AssertionError("begun")
        assert (at / "a").exists()
    for name in ("file", "link"):
        with pytest.raises(SaveError, match="this is no folder"), fresh_folder(tmp_path / name):
            raise AssertionError("begun")


def test_a_disk_that_is_full_leaves_nothing_of_a_folder(tmp_path):
    said = pytest.raises(SaveError, match="kit: cannot be written: No space left on device")
    with said, fresh_folder(tmp_path / "kit") as folder:
        (folder / "a").mkdir()
        (folder / "b.txt").write_text("b")
        raise OSError(28, "No space left on device")
    with pytest.raises(ZeroDivisionError), fresh_folder(tmp_path / "kit") as folder:
        folder / str(1 / 0)
    assert not any(tmp_path.iterdir())
