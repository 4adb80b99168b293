"""Fetching, from a server on this machine: what arrives, is resumed, is rejected, and what is said when it
cannot be stored.
"""

import dataclasses
import errno
import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import weights
from tests.support.serving import BODY, SUM, Server
from weights import download as downloading
from weights import loading, lock, zoo
from weights.download import download


@pytest.fixture
def serve():
    servers = []

    def start(**options):
        servers.append(Server(**options))
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_file_arrives_and_gets_its_name_last(serve, tmp_path):
    server, path = serve(), tmp_path / "new" / "net.pth"
    download(server.address, path, SUM, len(BODY), progress=False)
    assert path.read_bytes() == BODY
    assert os.listdir(path.parent) == ["net.pth"]
    assert server.asked == [None]


def test_a_broken_connection_is_taken_up_where_it_broke(serve, tmp_path):
    server, path = serve(breaks_at=[100_000, 200_000]), tmp_path / "net.pth"
    download(server.address, path, SUM, progress=False)
    assert path.read_bytes() == BODY
    assert server.asked == [None, "bytes=100000-", "bytes=200000-"]


def test_the_next_call_goes_on_from_what_arrived(serve, tmp_path):
    server, path = serve(breaks_at=[50_000, 90_000, 120_000]), tmp_path / "net.pth"
    with pytest.raises(
        weights.WeightsError,
        match=r"cannot be fetched.*, or use a copy of it: gradcam explain --weights FILE",
    ):
        download(server.address, path, SUM, progress=False)
    assert (tmp_path / "net.pth.part").stat().st_size == 120_000
    assert not path.exists()
    download(server.address, path, SUM, progress=False)
    assert path.read_bytes() == BODY
    assert server.asked[-1] == "bytes=120000-"


def test_a_server_that_knows_no_ranges_is_read_from_the_start(serve, tmp_path):
    server, path = serve(breaks_at=[100_000], ranges=False), tmp_path / "net.pth"
    download(server.address, path, SUM, progress=False)
    assert path.read_bytes() == BODY


def test_a_complete_part_only_needs_verifying(serve, tmp_path):
    (tmp_path / "net.pth.part").write_bytes(BODY)
    download(serve().address, tmp_path / "net.pth", SUM[:8], progress=False)
    assert (tmp_path / "net.pth").read_bytes() == BODY


@pytest.mark.parametrize("expected", [SUM[:-1] + ("0" if SUM[-1] != "0" else "1"), "00000000"])
def test_a_wrong_sum_is_set_aside_and_never_used(serve, tmp_path, expected):
    server, path = serve(), tmp_path / "net.pth"
    with pytest.raises(weights.WeightsError, match=rf"wrong sum: sha256 {SUM} instead of {expected}"):
        download(server.address, path, expected, progress=False)
    assert os.listdir(tmp_path) == ["net.pth.rejected"]


def test_one_flipped_bit_on_the_way_is_noticed(serve, tmp_path):
    damaged = bytearray(BODY)
    damaged[123_456] ^= 1
    with pytest.raises(weights.WeightsError, match=r"set aside as .*net\.pth\.rejected"):
        download(serve(body=bytes(damaged)).address, tmp_path / "net.pth", SUM, progress=False)
    assert not (tmp_path / "net.pth").exists()


def test_offline_one_line_says_which_file_goes_where(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/net.pth"
    with pytest.raises(weights.WeightsError) as caught:
        download(address, tmp_path / "net.pth", SUM, progress=False)
    said = str(caught.value)
    assert "\n" not in said
    assert all(part in said for part in (address, SUM, str(tmp_path / "net.pth")))


def test_a_missing_page_is_no_file(serve, tmp_path):
    server = serve(body=b"")
    (tmp_path / "net.pth").unlink(missing_ok=True)
    with pytest.raises(weights.WeightsError, match="cannot be fetched"):
        download(server.address, tmp_path / "net.pth", SUM, progress=False)


def test_too_little_room_is_said_before_anything_is_written(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000))
    with pytest.raises(
        weights.WeightsError, match=r"the disk is full: net.pth does not fit .*MINICNN_WEIGHTS"
    ):
        download(serve().address, tmp_path / "net.pth", SUM, len(BODY), progress=False)
    assert not os.listdir(tmp_path)


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="this system has no /dev/full, a disk that is always full"
)
def test_a_disk_that_fills_up_on_the_way(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(downloading, "_opened", lambda part, start: Path("/dev/full").open("wb"))  # noqa: SIM115
    with pytest.raises(weights.WeightsError, match="the disk is full"):
        download(serve().address, tmp_path / "net.pth", SUM, progress=False)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("kind", ["symbolic", "dangling", "hard"])
def test_a_link_in_the_place_of_what_arrives_is_never_written_through(serve, tmp_path, kind):
    other, cache = tmp_path / "other", tmp_path / "cache"
    cache.mkdir()
    if kind != "dangling":
        other.write_text("precious")
    part = cache / "net.pth.part"
    os.link(other, part) if kind == "hard" else part.symlink_to(other)
    download(serve().address, cache / "net.pth", SUM, progress=False)
    assert (cache / "net.pth").read_bytes() == BODY and os.listdir(cache) == ["net.pth"]
    assert not other.exists() if kind == "dangling" else other.read_text() == "precious"


def test_a_link_at_the_name_itself_is_replaced(serve, tmp_path):
    other, path = tmp_path / "other", tmp_path / "cache" / "net.pth"
    path.parent.mkdir()
    path.symlink_to(other)  # leads to nothing: the file is not there
    server = serve(meanwhile=lambda: other.write_text("precious"))  # and now it leads somewhere
    download(server.address, path, SUM, progress=False)
    assert path.read_bytes() == BODY and not path.is_symlink()
    assert other.read_text() == "precious"


def test_what_an_earlier_call_left_of_another_file_is_fetched_again(serve, tmp_path):
    (tmp_path / "net.pth.part").write_bytes(bytes(1000))
    download(serve().address, tmp_path / "net.pth", SUM, progress=False)
    assert (tmp_path / "net.pth").read_bytes() == BODY and os.listdir(tmp_path) == ["net.pth"]


def test_nothing_is_left_of_a_fetch_that_got_nothing(serve, tmp_path):
    with pytest.raises(weights.WeightsError, match="cannot be fetched"):
        download(serve(breaks_at=[0, 0, 0]).address, tmp_path / "net.pth", SUM, progress=False)
    assert not os.listdir(tmp_path)


FETCHING = """
import sys
from pathlib import Path
from weights import WeightsError
from tests.support.serving import BODY, SUM, Server
from weights.download import download
try:
    download(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
except WeightsError as error:
    sys.exit(str(error))
"""


def fetching(server, path, expected=SUM):
    """Another process that fetches the file."""
    command = [sys.executable, "-c", FETCHING, server.address, str(path), expected]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def ended(processes):
    """[(exit status, what was said)]"""
    return [
        (process.returncode, said) for process in processes for said in [process.communicate(timeout=60)[1]]
    ]


def test_four_processes_on_one_cache_fetch_once(serve, tmp_path):
    server, path = serve(meanwhile=lambda: time.sleep(0.1)), tmp_path / "net.pth"
    for status, said in ended([fetching(server, path) for _ in range(4)]):
        assert status == 0, said
        assert path.read_bytes() == BODY
    assert server.asked == [None] and os.listdir(tmp_path) == ["net.pth"]


def test_a_process_that_comes_late_spoils_nothing(serve, tmp_path):
    parts = threading.Semaphore(1)
    server, path = serve(meanwhile=parts.acquire), tmp_path / "net.pth"
    first = fetching(server, path)
    while not server.asked:
        time.sleep(0.01)
    second = fetching(server, path)
    assert "waiting for it" in second.stderr.readline()
    parts.release(9)
    for status, said in ended([first, second]):
        assert status == 0, said
    assert path.read_bytes() == BODY and os.listdir(tmp_path) == ["net.pth"]
    assert server.asked == [None]


def test_whoever_waits_goes_on_where_a_killed_process_was(serve, tmp_path):
    parts = threading.Semaphore(1)
    server, path = serve(meanwhile=parts.acquire), tmp_path / "net.pth"
    first, part = fetching(server, path), tmp_path / "net.pth.part"
    while not part.exists() or part.stat().st_size < 50_000:
        time.sleep(0.01)
    second = fetching(server, path)
    assert "waiting for it" in second.stderr.readline()
    first.kill()
    parts.release(9)
    (status, _), (status_2, said) = ended([first, second])
    assert status != 0 and status_2 == 0, said
    assert path.read_bytes() == BODY and os.listdir(tmp_path) == ["net.pth"]
    assert int(server.asked[1].removeprefix("bytes=").removesuffix("-")) >= 50_000


def test_four_processes_where_the_file_is_refused(serve, tmp_path):
    server, path = serve(), tmp_path / "net.pth"
    for status, said in ended([fetching(server, path, "0" * 64) for _ in range(4)]):
        assert status != 0 and "wrong sum" in said
    assert os.listdir(tmp_path) == ["net.pth.rejected"]


def test_where_there_are_no_locks_each_fetches_under_a_name_of_its_own(serve, tmp_path, monkeypatch):
    def none(handle):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(lock, "_lock", none)
    server, path = serve(meanwhile=lambda: time.sleep(0.1)), tmp_path / "net.pth"
    threads = [
        threading.Thread(target=download, args=(server.address, path, SUM, None, False)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 3
    assert path.read_bytes() == BODY and os.listdir(tmp_path) == ["net.pth"]
    path.unlink()
    with pytest.raises(weights.WeightsError, match="wrong sum"):
        download(server.address, path, "0" * 64, None, False)
    assert os.listdir(tmp_path) == ["net.pth.rejected"]


def test_a_cache_that_may_not_be_written_to(serve, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(downloading, "_append", refuse)  # the tests may run as root, whom no mode stops
    with pytest.raises(weights.WeightsError, match=r"may not be written to: .*MINICNN_WEIGHTS"):
        download(serve().address, tmp_path / "net.pth", SUM, progress=False)


def test_a_cache_whose_path_is_taken_by_a_file(serve, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(weights.WeightsError, match="cannot be stored in"):
        download(serve().address, tmp_path / "cache" / "net.pth", SUM, progress=False)


def test_load_fetches_once_and_then_uses_the_copy(serve, tmp_path, monkeypatch):
    np.savez(
        tmp_path / "made.npz",
        **{n: t.data for n, t in weights.build("captum_cifar").initialise(3).arrays().items()},
    )
    body = (tmp_path / "made.npz").read_bytes()
    server = serve(body=body)
    monkeypatch.setenv("MINICNN_WEIGHTS", str(tmp_path / "cache"))
    told = {"address": server.address, "sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
    declared = dataclasses.replace(zoo.network("captum_cifar"), file=weights.PublishedFile(**told))
    for asking in (zoo, loading):
        monkeypatch.setattr(asking, "network", {"captum_cifar": declared}.get)
    first, second = weights.load("captum_cifar"), weights.load("captum_cifar")
    assert len(server.asked) == 1
    assert np.any(first["fc1"].W.data)
    np.testing.assert_array_equal(first["fc1"].W.data, second["fc1"].W.data)
    assert weights.where("captum_cifar") == tmp_path / "cache" / server.address.rsplit("/", 1)[1]


@pytest.mark.parametrize(("system", "cache", "expected"), [
    ("linux", None, "HOME/.cache/minicnn-gradcam"), ("linux", "HOME/fast", "HOME/fast/minicnn-gradcam"),
    ("linux", "relative", "HOME/.cache/minicnn-gradcam"), ("linux", "", "HOME/.cache/minicnn-gradcam"),
    ("darwin", None, "HOME/Library/Caches/minicnn-gradcam"),
    ("win32", None, "HOME/AppData/Local/minicnn-gradcam/minicnn-gradcam/Cache"),
])  # fmt: skip
def test_fetched_files_are_kept_where_the_system_keeps_such(monkeypatch, tmp_path, system, cache, expected):
    """The directories of platformdirs, where version 0.1.0 put them."""
    here = str(tmp_path)
    monkeypatch.setattr(sys, "platform", system)
    for name in ("MINICNN_WEIGHTS", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", here)
    if cache is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", cache.replace("HOME", here))
    assert zoo.directory() == Path(expected.replace("HOME", here))
    monkeypatch.setenv("MINICNN_WEIGHTS", "elsewhere")
    assert zoo.directory() == Path("elsewhere")


def test_what_is_not_published_is_not_fetched():
    assert weights.where("resnet50_keras") is None
    with pytest.raises(
        weights.WeightsError,
        match=r"not known; give the file, --weights FILE, or weights.load\('resnet50_keras', path\)",
    ):
        weights.load("resnet50_keras")


def test_unknown_names_are_answered_with_near_ones():
    with pytest.raises(weights.WeightsError, match="no network is called 'vgg-16'; there is vgg16"):
        weights.load("vgg-16")


@pytest.mark.parametrize("name", weights.available())
def test_every_entry_is_complete(name):
    of, card, net = zoo.network(name), weights.card(name), weights.build(name)
    assert of.card == card and card.title and card.layer
    assert card.classes or of.kind in ("captioner", "dense_captioner")
    assert card.words or of.kind == "classifier"
    if address := of.file.address:
        assert address.startswith("https://")
        sum, kind = of.file.sum
        assert re.fullmatch(r"[0-9a-f]{8}|[0-9a-f]{64}" if kind == "sha256" else r"[0-9a-f]{32}", sum)
        assert len(sum) != 8 or f"-{sum}." in address  # a prefix is what the name states
    side = card.preprocessing.crop
    C = next(t.shape[1] for t in net.arrays().values() if len(t.shape) == 4)
    assert len(card.preprocessing.mean) == len(card.preprocessing.std) == C
    assert any(at.name == card.layer for at in net.layers())
    assert side in (28, 32, 64, 96, 224, 227)
