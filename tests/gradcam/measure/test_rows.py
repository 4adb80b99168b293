"""The file of rows: whose it is, is known before a byte of it is changed."""

import json
import os
import signal

import pytest

from gradcam.measure import DataError
from gradcam.measure.study.collect import collect
from gradcam.measure.study.rows_file import opened

SETTINGS = {"measures": ["pointing_game"], "methods": ["grad_cam"]}
FIRST = json.dumps(SETTINGS) + "\n"
ROW = '{"number": 1, "class": 3}\n'
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\n\x00no newline at the end"
OTHERS = {
    "one line without its end": b"no newline at end, one line",
    "a picture": PNG,
    "text of two lines": b"dear diary,\ntoday",
    "JSON of something else": b'{"name": "a"}\n{"name": "b"',
    "rows of another question": b'{"measures": ["deletion"], "methods": ["grad_cam"]}\n{"number": 1}\n{"num',
    "a list": b"[1, 2]\n[3",
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_file_of_something_else_is_refused_and_left_as_it_is(tmp_path, what):
    (tmp_path / "file").write_bytes(OTHERS[what])
    with pytest.raises(DataError, match="file: th"):
        opened(tmp_path / "file", SETTINGS)
    assert (tmp_path / "file").read_bytes() == OTHERS[what]


CUT = {"": FIRST, FIRST[:20]: FIRST, FIRST + ROW[:9]: FIRST, FIRST + ROW + "{": FIRST + ROW}


@pytest.mark.parametrize(("before", "after"), CUT.items())
def test_a_line_that_was_being_written_is_taken_away(tmp_path, before, after):
    (tmp_path / "rows").write_text(before)
    assert list(opened(tmp_path / "rows", SETTINGS)) == [1] * (after.count("\n") - 1)
    assert (tmp_path / "rows").read_text() == after


def test_a_folder_is_no_file_of_rows(tmp_path):
    with pytest.raises(DataError, match="cannot be kept there: Is a directory"):
        opened(tmp_path, SETTINGS)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file is no folder"):
        opened(tmp_path / "file/rows.jsonl", SETTINGS)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match="cannot be kept there: Permission denied"):
        opened(tmp_path / "rows.jsonl", SETTINGS)
    tmp_path.chmod(0o700)


def test_a_disk_that_is_full_is_told_and_leaves_whole_lines(tmp_path):
    """Rows of 400 bytes, and room for some of them only; a file's largest size stands for the disk's."""
    resource = pytest.importorskip("resource", reason="no limits here")
    path, (soft, hard) = tmp_path / "rows.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))
    try:
        with pytest.raises(DataError, match=r"rows\.jsonl: rows cannot be kept there: "):
            collect(
                path,
                SETTINGS,
                range(20),
                lambda n: {"number": n, "text": "x" * 380},
                workers=1,
                progress=False,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_text().endswith("\n") and len(path.read_text().splitlines()) == 4
    assert len(opened(path, SETTINGS)) == 3


def test_rows_that_may_only_be_read_are_told_before_anything_is_measured(tmp_path, monkeypatch):
    path = tmp_path / "rows.jsonl"
    path.write_text(FIRST + ROW + "{")
    monkeypatch.setattr(os, "access", lambda at, how: (at, how) != (path, os.W_OK))  # chmod stops no root
    with pytest.raises(DataError, match=r"rows\.jsonl: rows cannot be kept there: Permission denied"):
        opened(path, SETTINGS)
    assert path.read_text() == FIRST + ROW + "{"
