"""The server: who may ask, what is answered, and that nothing leaks, crashes or grows, whatever comes."""

import base64
import contextlib
import http.client
import json
import resource
import socket
import threading

import numpy as np
import pytest

import weights
from gradcam.cli import main
from gradcam.explore import Server, Session
from gradcam.explore.readers import MOST_READERS
from gradcam.explore.server import MOST_AT_ONCE, MOST_BYTES
from tests.gradcam.explore.cases import picture

SEEN = picture("shapes", 22)
LOOK = ["look", {"pixels": {"bytes": base64.b64encode(SEEN.tobytes()).decode()}}]
TRACE = ["trace", {"start": {"tensor": "fc7", "region": [4, 0, 0, 0, 0]}, "rules": ["guided"]}]
PIXELS = ["maps", {"tensor": "x", "what": "guided"}]


@pytest.fixture(scope="module")
def server():
    with contextlib.closing(Server(Session(weights.load("shapes")), {"scene 22": SEEN})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asked(server, method="POST", path=None, body=None, **headers):
    """-> (status, headers, body); a header that is None is left out."""
    path = f"/{server.token}/ask" if path is None else path
    usual = {"Host": f"127.0.0.1:{server.server_port}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        body = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = usual | ({} if body is None else {"Content-Length": str(len(body))})
        for name, value in (sent | {name.replace("_", "-"): v for name, v in headers.items()}).items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def questions(*several, reader="tab1"):
    return {"session": reader, "questions": several}


def unpacked(body):
    """Answers, as the page reads them."""
    length = int.from_bytes(body[:4], "little")
    kinds = {"float32": "<f4", "float64": "<f8", "int8": "i1"}

    def array(found):
        kind, place = next(iter(found.items()), (None, None))
        return np.frombuffer(body, kinds[kind], place[1], 4 + length + place[0]) if kind in kinds else found

    return json.loads(body[4 : 4 + length], object_hook=array)["answers"]


def works(server, reader="afterwards"):
    status, _, body = asked(server, body=questions(LOOK, TRACE, PIXELS, reader=reader))
    return status == 200 and len(unpacked(body)) == 3


def test_it_listens_on_this_machine_alone_at_a_free_port_with_a_token_of_its_own(server):
    assert server.server_address[0] == "127.0.0.1" and server.server_port > 1023
    assert len(server.token) >= 32
    with contextlib.closing(Server(server.readers.first, {"a": SEEN})) as another:
        assert another.token != server.token and another.server_port != server.server_port


def test_the_page_is_served_and_may_reach_nothing_but_its_engine(server):
    status, headers, body = asked(server, "GET", f"/{server.token}/")
    assert (
        status == 200 and b"Follow the signal back" in body and server.address.endswith(f"/{server.token}/")
    )
    policy = headers["Content-Security-Policy"]
    assert (
        "default-src 'none'" in policy
        and "connect-src 'self'" in policy
        and "frame-ancestors 'none'" in policy
    )
    assert "unsafe-eval" not in policy and headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"


def test_its_engine_says_what_the_engine_says(server):
    status, _, body = asked(server, body=questions(LOOK, TRACE, PIXELS))
    session = Session(weights.load("shapes"))
    session.ask("look", {"pixels": SEEN})
    session.ask(*TRACE)
    ours = session.ask(*PIXELS)["maps"]
    theirs = unpacked(body)[2]["maps"]
    assert status == 200 and np.array_equal(ours.ravel(), theirs) and np.abs(ours).max() > 0


@pytest.mark.parametrize(
    "host", [None, "evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", ""]
)
@pytest.mark.parametrize("method, path", [("GET", "/"), ("POST", "/ask")])
def test_another_hosts_name_is_refused(server, host, method, path):
    status, _, body = asked(server, method, f"/{server.token}{path}", questions(LOOK), Host=host)
    assert status == 403 and server.token.encode() not in body


FOREIGN = [{"Origin": o} for o in ("http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1")]
FOREIGN += [{"Sec_Fetch_Site": site} for site in ("cross-site", "same-site", "none")]


@pytest.mark.parametrize("more", FOREIGN)
def test_a_question_from_another_page_is_refused(server, more):
    assert asked(server, body=questions(LOOK), **more)[0] == 403


ELSEWHERE = [
    *(
        "/",
        "/ask",
        "/wrong/",
        "/wrong/ask",
        "*",
        "//",
        "/favicon.ico",
        "/{}",
        "/{}/..",
        "/{}/../",
        "/{}//",
        "/{}/?x",
    ),
    *(
        "/{}/../../etc/passwd",
        "/{}/%2e%2e/",
        "/{}/ask/",
        "/{}/style.css",
        "/{}/page.html",
        "/{}/\\..\\",
        "/x{}/",
    ),
    "http://127.0.0.1/{}/",
]


@pytest.mark.parametrize("path", [*ELSEWHERE, "/" + "a" * 9000])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_token_or_any_other_path_finds_nothing(server, method, path):
    path = path.format(server.token)
    status, _, body = asked(server, method, path, None if method == "GET" else questions(LOOK))
    assert status == 404 and b"root:" not in body and server.token.encode() not in body


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "HEAD", "NONSENSE"])
def test_other_methods_do_nothing(server, method):
    status, headers, _ = asked(server, method, f"/{server.token}/ask")
    assert status in (404, 501) and "Access-Control-Allow-Origin" not in headers


def start(region, rules=("guided",), tensor="fc7", **more):
    return ["trace", {"start": {"tensor": tensor, "region": region}, "rules": rules, **more}]


NO_QUESTIONS = [
    *(b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b'{"session": "tab1"}'),
    *(
        b'{"session": NaN, "questions": []}',
        questions(),
        questions(LOOK, reader="../x"),
        questions(LOOK, reader=7),
    ),
    *(
        questions(*[TRACE] * 1000),
        questions(["look"]),
        questions(["__class__", {}]),
        questions(["close", {}]),
    ),
    questions(["look", {"pixels": "x"}]),
    questions(["look", {"pixels": {"bytes": "%"}}]),
    questions(["look", {"pixels": [[0]] * 9}]),
    questions(LOOK, start([1e308] * 5)),
    questions(LOOK, start([0] * 5, [["guided"]])),
    questions(LOOK, start([0] * 5, ["guided"], dtype=1)),
    questions(LOOK, start([0] * 5, ["guided"], tensor=["fc7"])),
    questions(LOOK, ["occlude", {"side": 10, "c": 10**30, "places": [[0, 0]]}]),
    questions(LOOK, ["randomise", {"count": -(10**20), "seed": 1}]),
    questions(LOOK, ["randomise", {"count": 1, "seed": "x"}]),
]


@pytest.mark.parametrize("body", NO_QUESTIONS)
def test_what_is_no_question_is_refused_in_a_sentence(server, body):
    status, _, said = asked(server, body=body)
    assert status == 400 and json.loads(said)["error"] and b"Traceback" not in said
    assert works(server)


def test_a_request_says_how_long_it_is_and_that_it_is_json(server):
    body = json.dumps(questions(LOOK)).encode()
    assert asked(server, body=body, Content_Type="text/plain")[0] == 415
    assert asked(server, body=body, Content_Length=None, Transfer_Encoding="chunked")[0] == 411
    assert asked(server, body=body, Content_Length="-1")[0] == 411
    assert asked(server, body=body, Content_Length="9" * 4000)[0] == 413


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB, the most so far


def test_a_hundred_megabytes_are_refused_before_they_are_read(server):
    assert works(server)
    before, block = memory(), b"x" * 2**16
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=20) as line:
        head = f"POST /{server.token}/ask HTTP/1.1\r\nHost: 127.0.0.1:{server.server_port}\r\n"
        line.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: {100 * 2**20}\r\n\r\n".encode()
        )
        with contextlib.suppress(OSError):  # nobody listens any more
            for _ in range(1600):
                line.sendall(block)
        with contextlib.suppress(OSError):
            assert line.recv(64).split()[1] == b"413"
    assert MOST_BYTES < 5 * 2**20 and memory() - before < 20
    assert works(server)


def test_a_thousand_requests_at_once_are_answered_or_told_to_come_back(server):
    assert works(server)
    before, found = memory(), []

    def ask(count):
        for n in range(count):
            try:
                found.append(asked(server, *[("GET", f"/{server.token}/"), ("GET", "/x")][n % 2])[0])
            except (OSError, http.client.HTTPException):
                found.append(0)  # refused by the system

    crowd = [threading.Thread(target=ask, args=(25,)) for _ in range(40)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert len(found) == 1000 and set(found) <= {200, 404, 503, 0} and found.count(200) > 0
    assert threading.active_count() < MOST_AT_ONCE + 10 and memory() - before < 200
    assert works(server)


def test_silent_connections_take_no_more_than_their_places(server):
    lines = [
        socket.create_connection(("127.0.0.1", server.server_port), timeout=20)
        for _ in range(MOST_AT_ONCE + 8)
    ]
    try:
        busy = [line for line in lines if _answered(line)]
        assert len(busy) >= 4  # who came too late was told so, at once
    finally:
        for line in lines:
            line.close()
    for _ in range(100):
        with contextlib.suppress(OSError, http.client.HTTPException):
            if works(server):
                return
    raise AssertionError("it never came back")


def _answered(line):
    line.settimeout(0.3)
    try:
        return line.recv(64).startswith(b"HTTP/1.0 503")
    except OSError:
        return False


def test_two_tabs_at_once_have_pictures_of_their_own(server):
    other = picture("shapes", 7)
    theirs = ["look", {"pixels": {"bytes": base64.b64encode(other.tobytes()).decode()}}]
    alone = {}
    for reader, look in (("tab1", LOOK), ("tab2", theirs)):
        alone[reader] = asked(server, body=questions(look, TRACE, PIXELS, reader=f"{reader}alone"))[2]
    found = {"tab1": [], "tab2": []}

    def talk(reader, look):
        for _ in range(4):
            asked(server, body=questions(look, TRACE, reader=reader))
            found[reader].append(unpacked(asked(server, body=questions(PIXELS, reader=reader))[2])[0])

    tabs = [threading.Thread(target=talk, args=given) for given in (("tab1", LOOK), ("tab2", theirs))]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    for reader, answers in found.items():
        ours = unpacked(alone[reader])[2]["maps"]
        assert all(np.array_equal(answer["maps"], ours) for answer in answers) and np.any(ours)


def test_only_so_many_readers_are_kept(server):
    for n in range(MOST_READERS + 2):
        assert works(server, f"reader{n}")
    assert len(server.readers.kept) == MOST_READERS
    assert asked(server, body=questions(TRACE, reader="reader0"))[0] == 410
    assert asked(server, body=questions(TRACE, reader="nobody"))[0] == 410


def test_a_readers_random_weights_are_nobody_elses(server):
    asked(server, body=questions(["randomise", {"count": 3, "seed": 1}], reader="randomly"))
    for reader, same in (("randomly", False), ("somebody", True)):
        scores = unpacked(asked(server, body=questions(LOOK, reader=reader))[2])[0]["scores"]
        session = Session(weights.load("shapes"))
        assert np.allclose(session.ask("look", {"pixels": SEEN})["scores"], scores) is same


def test_the_command_refuses_what_it_cannot_do(tmp_path, capsys):
    assert main(["explore", "--network", "nosuch"]) == 2 and "nosuch" in capsys.readouterr().err
    assert main(["explore", "--network", "mini_vgg", "--out", str(tmp_path / "a.html")]) == 2
    assert main(["explore", "--layer", "nosuch", "--out", str(tmp_path / "a.html")]) == 2
    assert main(["explore", str(tmp_path / "none.jpg")]) == 2
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        assert main(["explore", "--port", str(taken.getsockname()[1])]) == 2
        assert "cannot be listened at" in capsys.readouterr().err
    assert not (tmp_path / "a.html").exists()
