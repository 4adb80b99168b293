"""Who does the work of a run, and what stops it: workers, clusters, folders and parts, in one process."""

import errno
import io
import json
import pickle
import signal
import sys
from concurrent.futures import CancelledError
from types import SimpleNamespace

import numpy as np
import pytest

from gradcam import image
from gradcam.asking import AskError
from gradcam.explanation.finite import NotFiniteError
from gradcam.files import SaveError
from gradcam.runs import (
    Manner,
    RunError,
    backends,
    cluster,
    folder,
    merging,
    panels,
    record,
    run,
    task,
    worker,
    workers,
)
from gradcam.runs.folder import opened
from gradcam.runs.lines import line_of
from gradcam.runs.reading import NoPhotoError, read_run
from gradcam.runs.settings import written
from gradcam.runs.task import Explained, Task

ASKED = {"maps": None, "methods": ["m"], "photos": {"count": 3}, "panels": 0, "shard": None}
FULL = OSError(errno.ENOSPC, "No space left")


def failed(n):
    return Explained(n, f"{n}", {**record.empty(f"{n}"), "error": "no"})


def raising(error):
    def function(*_, **__):
        raise error

    return function


# --- one photo


def test_what_an_explained_photo_answers():
    done = Explained(0, "a.png", record.empty("a.png"), {"m": np.array([[[1.0]], [[2.0]]]), "n": None})
    assert done["m"].tolist() == [[1]] and repr(done) == "<Explained 'a.png': m, n>" and done.error is None
    with pytest.raises(KeyError):
        done["o"]
    done.row["error"] = "it is cut off"
    assert repr(done) == "<Explained 'a.png': it is cut off>"
    with pytest.raises(RunError, match="there is no map of this photo: it is cut off"):
        done["m"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotFiniteError("a.png: not finite"), "not finite"),
        (MemoryError("x"), "there is not enough memory for it"),
    ],
)
def test_what_is_wrong_with_a_photo_stands_in_its_row(monkeypatch, error, said):
    def explain(self, done):
        done.row.update(top=[1], explained=[2], panel="p.jpg")
        done.maps, done.panel = {"m": 0}, b"jpeg"
        raise error

    monkeypatch.setattr(Task, "_explain", explain)
    done = Task(None, ())(5, "a.png")
    assert done.row == {**record.empty("a.png"), "error": said}
    assert (done.number, done.maps, done.panel) == (5, {}, None)


def test_a_task_takes_its_network_along_or_makes_it_anew():
    again = pickle.loads(pickle.dumps(Task([1, 2], ("m",))))
    assert (again.net, again.methods) == ([1, 2], ("m",))
    sent = Task([1, 2], ("m",), made_by=(str.upper, ("net",)))
    assert sent.__getstate__()["net"] is None and pickle.loads(pickle.dumps(sent)).net == "NET"


@pytest.fixture
def scene(monkeypatch):
    """All that a task does of a photo but the network: looks at the clock at 1, 3 and 10 seconds."""
    e = SimpleNamespace(classes=[4, 7], undefined={}, scores=np.array([[0.5, 2.0]]), maps={})
    for method in ("m", "n"):
        e.maps |= {(method, 4): np.ones((1, 2, 2)), (method, 7): np.full((1, 2, 2), 7.0)}
    asked = []
    clock = iter((1.0, 3.0, 10.0))
    monkeypatch.setattr(task, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(task, "explain", lambda *given, allow: asked.append((*given, allow)) or e)
    picture = SimpleNamespace(width=6, height=4)
    monkeypatch.setattr(image, "read", lambda photo: picture)
    monkeypatch.setattr(image, "prepare", lambda seen, how: (seen, how))
    monkeypatch.setattr(image, "crop_shown", lambda seen, how: (seen, how))
    monkeypatch.setattr(record, "digest_of", lambda photo: f"sum of {photo}")
    monkeypatch.setattr(record, "seen", lambda e: ["seen"])
    monkeypatch.setattr(record, "explained", lambda e, maps: sorted(maps))
    monkeypatch.setattr(panels, "strips", lambda e, shown: shown)
    net = SimpleNamespace(card=SimpleNamespace(preprocessing="how"))
    return SimpleNamespace(e=e, asked=asked, picture=picture, net=net)


def test_what_a_task_keeps_of_a_photo(scene):
    one = Task(scene.net, ("m", "n"), (4, 7), "layer", "unit", panels=3, allow=("SiLU",))
    done = one(2, "a.png")
    x = (scene.picture, "how")
    assert scene.asked == [(scene.net, x, [4, 7], ("m", "n"), "layer", "unit", ("SiLU",))]
    assert done.times == {"read": 2, "explain": 7} and done.scores.tolist() == [0.5, 2]
    assert done.maps["n"][:, 0, 0].tolist() == [1, 7] and done.panel == x
    row = {"photo": "a.png", "sha256": "sum of a.png", "width": 6, "height": 4, "top": ["seen"]}
    assert done.row == {**row, "explained": ["m", "n"], "panel": "panels/000003.jpg", "error": None}


def test_what_a_task_keeps_of_no_photo(scene):
    scene.e.scores[0, 1] = np.inf
    done = Task(scene.net, ("m",), panels=3)(3, "a.png")
    assert done.error == task.NOT_FINITE and done.row["sha256"] == "sum of a.png" and done.maps == {}
    assert scene.asked[0][2] is None


def test_a_photo_beyond_the_panels_has_none(scene):
    done = Task(scene.net, ("m",), panels=3)(3, "a.png")
    assert done.panel is None and done.row["panel"] is None and done.error is None


def test_a_method_without_a_map_ends_the_run(scene):
    scene.e.undefined["m"] = "It has no pooling."
    with pytest.raises(RunError, match="m has no map of this network: It has no pooling"):
        Task(scene.net, ("m",))(0, "a.png")


def test_photos_are_gone_on_with_and_the_bar_says_where(monkeypatch, tmp_path):
    bars, todo = [], []

    class Bar:
        def __init__(self, **how):
            bars.append(how)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def set_postfix(self, errors, refresh):
            bars.append((errors, refresh))

        def update(self):
            pass

    monkeypatch.setitem(sys.modules, "tqdm", SimpleNamespace(tqdm=Bar))

    def by(task, photos):
        for n, photo in photos:
            todo.append((task, n, photo))
            yield failed(n)

    asked = {**ASKED, "shard": [2, 2]}
    photos = ["a", "b", "c", "d", "e"]
    with opened(tmp_path / "shards" / "2-of-2", asked, 2, 3, None) as at:
        at.add(failed(2))
    manner = Manner(shard=(2, 2), progress=True, by=by)
    done = run.into(tmp_path, "task", photos, asked, raising(AssertionError("a part")), manner)
    assert todo == [("task", 3, "d"), ("task", 4, "e")] and (done.done, done.errors) == (3, 3)
    shown = {"unit": "photo", "disable": False, "smoothing": 0.05}  # of the last twenty photos
    assert bars == [{"total": 3, "initial": 1, **shown}, (2, False), (3, False)]
    monkeypatch.setattr(run.pool, "explained", lambda *given: by(given[0], given[1]))
    finished = []
    run.into(
        tmp_path / "b", "task", photos[:1], ASKED, lambda *given: finished.append(given), Manner(workers=3)
    )
    assert finished == [(tmp_path / "b", ASKED)] and bars[-2]["disable"] and todo[-1] == ("task", 0, "a")


def test_blas_has_one_thread_while_anybody_is_inside():
    done = []

    class Blas:
        def limit(self, limits, user_api):
            done.append((limits, user_api))
            return SimpleNamespace(restore_original_limits=lambda: done.append("restored"))

    one = task._OneThread()
    one.blas = Blas()
    with one:
        with one:
            assert done == [(1, "blas")]
        assert done == [(1, "blas")] and one.inside == 1
    assert done == [(1, "blas"), "restored"]
    with one:
        assert len(done) == 3


def test_what_explain_many_refuses():
    card = SimpleNamespace(preprocessing=None)
    described = SimpleNamespace(card=SimpleNamespace(preprocessing=1, classes=None), convolutions=[])
    for net, methods, said in (
        (SimpleNamespace(card=card), "grad_cam", "no description that says how photos are prepared"),
        (SimpleNamespace(), "grad_cam", "no description that says how photos are prepared"),
        (described, ["grad_cam", "fused_grad_cam"], "fused_grad_cam makes one map of several layers"),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "network_of", lambda net: net)
            with pytest.raises(AskError, match=said):
                run.explain_many(net, "a.png", methods)


# --- worker processes


class Answering:
    """In place of a worker: what each of them answers, one after the other."""

    answers: list

    def __init__(self, recipe):
        self.ready = False

    def ask(self, one):
        answer = self.answers.pop(0)
        self.ready = answer is not EOFError
        if isinstance(answer, type):
            raise answer
        return answer

    def end(self):
        pass


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(workers, "Worker", Answering)

    def asked(*answers):
        Answering.answers = list(answers)
        with workers.Processes(None, 1) as pool:
            return pool.submit(7, "a.png").result(), len(pool.all)

    return asked


def test_a_worker_that_dies_is_replaced_three_times(pool):
    assert pool(("found", None)) == ("found", 1)
    for death in (EOFError, OSError, pickle.UnpicklingError):
        assert pool(*[death] * 3, ("found", None)) == ("found", 4)
    done, hired = pool(*[OSError] * 4)
    assert (done.number, done.photo, done.error, hired) == (7, "a.png", record.DIED, 4)
    with pytest.raises(RunError, match="no worker process could be started"):
        pool(*[EOFError] * 4)
    with pytest.raises(AskError, match="no class"):
        pool((None, AskError("no class")))


def test_a_worker_is_told_its_task_once(monkeypatch):
    one = workers.Worker.__new__(workers.Worker)
    into, out = io.BytesIO(), io.BytesIO(b"".join(map(pickle.dumps, ("ready", ("a", None), ("b", None)))))
    one.process, one.recipe, one.ready = SimpleNamespace(stdin=into, stdout=out), pickle.dumps("task"), False
    assert one.ask((0, "a.png")) == ("a", None) and one.ready
    assert one.ask((1, "b.png")) == ("b", None)
    into.seek(0)
    assert [pickle.load(into) for _ in range(3)] == ["task", (0, "a.png"), (1, "b.png")]
    assert into.read() == b""


def test_how_many_processes_and_who_works():
    for wrong in (0, -1, 1.5, "2"):
        with pytest.raises(RunError, match="workers are a number of processes, from 1"):
            workers.explained(None, [], wrong)
    assert list(workers.explained(lambda n, photo: (n, photo), [(0, "a"), (1, "b")])) == [(0, "a"), (1, "b")]
    with pytest.raises(RunError, match="cannot be sent to other processes"):
        list(workers.explained(lambda: None, [(0, "a")], 2))
    assert pickle.loads(pickle.loads(workers.Processes(divmod, 1).recipe)) is divmod


def test_how_many_cores_there_are(monkeypatch):
    monkeypatch.setattr(workers.os, "sched_getaffinity", lambda of: {1, 4, 5}, raising=False)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 8)
    assert workers.cores() == 3
    monkeypatch.delattr(workers.os, "sched_getaffinity")
    assert workers.cores() == 8
    monkeypatch.setattr(workers.os, "cpu_count", lambda: None)
    assert workers.cores() == 1


@pytest.mark.parametrize("task", [pickle.dumps(divmod), b"cno_such_module\nnet\n."])
def test_what_a_worker_answers(monkeypatch, task):
    asked = b"".join(map(pickle.dumps, (task, (7, 2), (7, 0))))
    answers, ignored, moved = io.BytesIO(), [], []
    here = SimpleNamespace(fdopen=lambda n, how: answers, dup=lambda n: 9, dup2=lambda *n: moved.append(n))
    monkeypatch.setattr(worker, "os", here)
    monkeypatch.setattr(worker.signal, "signal", lambda *given: ignored.append(given))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(asked)))
    worker.main()
    answers.seek(0)
    assert ignored == [(signal.SIGINT, signal.SIG_IGN)] and moved == [(2, 1)]
    assert pickle.load(answers) == "ready"
    (found, no), (nothing, error) = pickle.load(answers), pickle.load(answers)
    if b"no_such" in task:
        assert found is nothing is None and "not known to other processes (No module" in str(no) == str(error)
    else:
        assert (found, no, nothing, type(error)) == ((3, 1), None, None, ZeroDivisionError)
    assert answers.read() == b""


def test_an_error_that_cannot_be_sent_is_told():
    class Unsendable(Exception):
        def __reduce__(self):
            raise TypeError

    assert pickle.loads(worker._pickled(("found", None))) == ("found", None)
    nothing, error = pickle.loads(worker._pickled((None, Unsendable("too wide"))))
    assert nothing is None and type(error) is RunError and str(error) == "Unsendable: too wide"


# --- backends and clusters


def test_parts_for_joblib_ahead_of_their_turn(monkeypatch):
    """Sixteen photos in a part; of two jobs four parts each at a time."""
    asked = []

    class Parallel:
        _effective_n_jobs = staticmethod(lambda: 2)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def __call__(self, work):
            asked.append([len(some) for _, (_, some) in work])
            return [f(*given) for f, given in work]

    joblib = SimpleNamespace(Parallel=Parallel, delayed=lambda f: lambda *given: (f, given))
    monkeypatch.setitem(sys.modules, "joblib", joblib)
    monkeypatch.setattr(backends, "find_spec", lambda name: name == "joblib" or None)
    found = list(backends.by_joblib(lambda n, photo: (n, photo), ((n, f"{n}") for n in range(150))))
    assert found == [(n, f"{n}") for n in range(150)] and asked == [[16] * 8, [16, 6]]
    with pytest.raises(RunError, match=r"a worker of joblib was lost \(ValueError: x\)"):
        list(backends.by_joblib(raising(ValueError("x")), [(0, "a")]))
    with pytest.raises(AskError, match="ours"):
        list(backends.by_joblib(raising(AskError("ours")), [(0, "a")]))


class Killed(Exception):
    pass


class Client:
    """A scheduler with three threads, whose workers answer as `answer` does."""

    def __init__(self, *address, **how):
        self.sent, self.asked = [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    nthreads = staticmethod(lambda: {"a": 1, "b": 2})

    def scatter(self, task, broadcast, hash):
        assert broadcast and not hash
        self.sent.append(task)
        return len(self.sent)

    def submit(self, f, future, some, pure):
        assert not pure
        self.asked.append((future, some))
        return SimpleNamespace(result=lambda: self.answer(future, some))

    def answer(self, future, some):
        return [10 * n for n, _ in some]


@pytest.fixture
def dask(monkeypatch):
    module = SimpleNamespace(Client=Client, KilledWorker=Killed)
    monkeypatch.setitem(sys.modules, "distributed", module)
    monkeypatch.setattr(cluster, "find_spec", lambda name: name == "distributed" or None)
    return module


def test_photos_on_a_cluster_in_order_and_some_ahead(dask):
    with cluster.on_dask("tcp://x:1") as explain:
        assert list(explain("task", ((n, f"{n}") for n in range(200)))) == [10 * n for n in range(200)]
    client = Client("tcp://x:1")
    found = cluster._explained(client, "task", ((n, f"{n}") for n in range(200)))
    assert next(found) == 0 and len(client.asked) == 6 and client.sent == ["task"]  # 2 for each thread
    assert {future for future, _ in client.asked} == {1} and len(client.asked[0][1]) == 16
    client.nthreads = dict
    with pytest.raises(RunError, match="the Dask scheduler has no workers yet"):
        cluster._explained(client, "task", [])


def test_who_kills_workers_is_given_up_and_what_was_lost_is_sent_again(dask):
    client = Client()

    def answer(future, some):
        if future == 1:
            raise CancelledError
        if (1, "b") in some:
            raise Killed
        return [(n, photo, future) for n, photo in some]

    client.answer = answer
    first, died, last = cluster.Asked(cluster.Sent(client, "task"), [(0, "a"), (1, "b"), (2, "c")]).result()
    assert client.sent == ["task", "task"] and first == (0, "a", 2) and last == (2, "c", 2)
    assert (died.number, died.photo, died.error) == (1, "b", record.DIED)


def test_where_no_cluster_is(dask, monkeypatch):
    dask.Client = raising(OSError("refused"))
    with pytest.raises(RunError, match=r"tcp://x:1: no Dask scheduler answers there \(refused\)"):
        cluster.on_dask("tcp://x:1").__enter__()
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(RunError, match="--dask needs the package distributed"):
        cluster.on_dask("tcp://x:1").__enter__()


# --- folders


def test_what_stops_a_run_is_one_sentence(tmp_path, monkeypatch):
    finish = raising(AssertionError("it is not finished"))
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SaveError, match="file: this is no folder, and results need one"),
        opened(tmp_path / "file", ASKED, 0, 3, finish),
    ):
        pass
    for error, why in ((FULL, "No space left"), (SaveError("a word"), "a word"), (OSError("b"), "b")):
        place = tmp_path / why.replace(" ", "")
        said = f"results can no longer be written: {why}; 1 of 3 photos are done"
        with pytest.raises(RunError, match=said), opened(place, ASKED, 0, 3, finish) as at:
            at.add(failed(0))
            raise error
        monkeypatch.setattr(folder, "_prepare", raising(error))
        with (
            pytest.raises(SaveError, match=f"results cannot be written there: {why}$"),
            opened(place, ASKED, 0, 3, finish),
        ):
            pass
        monkeypatch.undo()


def test_a_folder_is_made_ready(tmp_path):
    """What a killed run left behind goes, other files stay, and beside them nothing is written."""
    own = [".0123456789abcdef.tmp", "maps/.0123456789abcdef.tmp", "panels/.0123456789abcdef.tmp"]
    others = [".notes.tmp", "maps/.0123456789ABCDEF.tmp", "x/.0123456789abcdef.tmp"]
    for name in own + others:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    with pytest.raises(RunError, match="there are files in this folder, and no results"):
        folder._prepare(tmp_path, ASKED)
    assert not any((tmp_path / name).exists() for name in own)
    assert all((tmp_path / name).exists() for name in others)
    (tmp_path / "settings.json").write_bytes(written(ASKED))
    folder._prepare(tmp_path, ASKED)
    with pytest.raises(RunError, match="methods was m, and is n"):
        folder._prepare(tmp_path, {**ASKED, "methods": ["n"]})
    new = tmp_path / "new"
    (new / "shards").mkdir(parents=True), (new / ".lock").write_text("")
    folder._prepare(new, ASKED)
    assert json.loads((new / "settings.json").read_text()) == ASKED


@pytest.mark.parametrize("line", ["[1]", '{"photo": "a"}', "{", "1"])
def test_a_line_that_is_no_row(tmp_path, line):
    with pytest.raises(RunError, match=r"rows.jsonl: a line of it is no row of a run"):
        folder._failed(tmp_path, line)
    assert folder._failed(tmp_path, '{"error": "x"}') and not folder._failed(tmp_path, '{"error": null}')


def test_what_is_made_of_all_rows(tmp_path, monkeypatch):
    (tmp_path / "rows.jsonl").write_bytes(line_of(record.empty("a")) + line_of(failed(1).row))
    made = []
    kept = lambda *given: made.append((*given[:-1], list(given[-1])))  # noqa: E731
    monkeypatch.setattr(folder, "write_parquet", kept), monkeypatch.setattr(folder, "write_sheet", kept)
    folder.finish(tmp_path, ASKED)
    rows = [record.empty("a"), failed(1).row]
    assert made == [(tmp_path, ["m"], rows)]
    folder.finish(tmp_path, settings := {**ASKED, "panels": 1})
    assert made[1:] == [(tmp_path, ["m"], rows), (tmp_path, settings, rows)]


def test_a_run_without_rows(tmp_path):
    (tmp_path / "settings.json").write_bytes(written(ASKED))
    found = read_run(tmp_path)
    assert repr(found) == f"<Run {tmp_path}: 0 photos; m>" and len(found.maps) == 0
    with pytest.raises(NoPhotoError, match="no photo is called 'a'; there is none, say"):
        found.maps["a"]
    with pytest.raises(RunError, match="no maps of 'n'; there is m"):
        found.array("n")


# --- parts


@pytest.fixture
def parted(tmp_path):
    """Three photos in two parts, the second of which is longer; each has a panel and maps of one number."""
    asked = {**ASKED, "maps": {"dtype": "float32"}, "methods": ["a/b"]}
    for k, numbers in ((1, [0]), (2, [1, 2])):
        place = tmp_path / "run" / "shards" / f"{k}-of-2"
        with opened(place, {**asked, "shard": [k, 2]}, numbers[0], len(numbers), None) as at:
            for n in numbers:
                row = {**record.empty(f"{n}"), "panel": f"panels/{n}.jpg"}
                maps = {"a/b": np.full((1, 1, 1), n, np.float32)}
                at.add(Explained(n, f"{n}", row, maps, times={"read": n}, panel=b"jpeg %d" % n))
    return tmp_path / "run"


def test_parts_are_put_together(parted):
    finished = []
    assert merging.merge([parted], finish=lambda *given: finished.append(given)) == parted
    whole = json.loads((parted / "settings.json").read_text())
    assert finished == [(parted, whole)] and whole["shard"] is None and whole["methods"] == ["a/b"]
    assert np.load(parted / "maps" / "a%2Fb.npy").ravel().tolist() == [0, 1, 2]
    for name, key in (("rows.jsonl", "panel"), ("timings.jsonl", "read")):
        lines = [json.loads(line) for line in (parted / name).read_text().splitlines()]
        assert [line["photo"] for line in lines] == ["0", "1", "2"] and key in lines[0]
    assert [(parted / "panels" / f"{n}.jpg").read_bytes() for n in range(3)] == [
        b"jpeg 0",
        b"jpeg 1",
        b"jpeg 2",
    ]
    assert merging.errors_in(parted) == (3, 0) and merging.settings_in([parted])["shard"] == [1, 2]
    merging.merge([parted], finish=lambda *_: None)
    with pytest.raises(RunError, match="both shard 1 of 2"):
        merging.merge([parted, parted / "shards" / "1-of-2"], parted)
    other = parted.parent / "other"
    shards = [parted / "shards" / "2-of-2", parted / "shards" / "1-of-2"]
    assert merging.merge(shards, other, lambda *_: None) == other
    assert (other / "rows.jsonl").read_bytes() == (parted / "rows.jsonl").read_bytes()


def test_rows_and_settings_are_written_when_what_they_speak_of_is_there(parted, monkeypatch):
    written, put = [], merging._written
    monkeypatch.setattr(merging, "_written", lambda at, fill: written.append(at.name) or put(at, fill))
    merging.merge([parted], finish=lambda *_: written.append("the rest"))
    assert written == [
        "a%2Fb.npy", "timings.jsonl", "rows.jsonl", "0.jpg", "1.jpg", "2.jpg", "settings.json", "the rest",
    ]  # fmt: skip


def test_parts_that_are_not_put_together(parted, tmp_path, monkeypatch):
    one, two = (parted / "shards" / f"{k}-of-2" for k in (1, 2))
    with pytest.raises(RunError, match="of several folders, say which gets the whole"):
        merging.merge([one, two])
    with pytest.raises(RunError, match="not all shards are there; missing: 2/2"):
        merging.merge([one])
    with pytest.raises(RunError, match="there are no shards in it"):
        merging.merge([tmp_path / "none"])
    (tmp_path / "full").mkdir(), (tmp_path / "full" / "thesis.tex").write_text("")
    with pytest.raises(RunError, match="there are other files in this folder"):
        merging.merge([parted], tmp_path / "full")
    (tmp_path / "run2").mkdir(), (tmp_path / "run2" / "settings.json").write_bytes(written(ASKED))
    with pytest.raises(RunError, match="methods was m, and is a/b"):
        merging.merge([parted], tmp_path / "run2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "_merge_maps", raising(FULL))
        with pytest.raises(SaveError, match=r"results cannot be written there: No space left$"):
            merging.merge([parted], finish=None)
    rows = two / "rows.jsonl"
    lines = rows.read_bytes()
    rows.write_bytes(lines[:-1])
    with pytest.raises(RunError, match="1 of 2 photos are done: let it go on first, with --shard 2/2"):
        merging.merge([parted])
    rows.write_bytes(lines)
    np.save(two / "maps" / "a%2Fb.npy", np.zeros((2, 1, 1, 2), np.float32))
    with pytest.raises(RunError, match="a/b: the shards' maps are of several sizes"):
        merging.merge([parted], finish=lambda *_: None)
    (two / "maps" / "a%2Fb.npy").unlink()  # as if all of its photos had failed
    merging.merge([parted], tmp_path / "nan", lambda *_: None)
    assert str(np.load(tmp_path / "nan" / "maps" / "a%2Fb.npy").ravel()) == "[ 0. nan nan]"
    (two / "settings.json").write_bytes(written({**json.loads((two / "settings.json").read_text()), "x": 1}))
    with pytest.raises(RunError, match="x was 1, and is None"):
        merging.merge([parted])
