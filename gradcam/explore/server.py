"""The page, served to this machine alone, with our engine behind it.

Who may ask: whoever knows the token in the address, from a page of this very server, by its own name.  There
are two addresses, `/TOKEN/` (the page) and `/TOKEN/ask` (questions); nothing else is answered, and no file is
read.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from gradcam.explore.readers import Readers
from gradcam.explore.session import Session
from gradcam.explore.wire import packed, understood
from gradcam.explore.writing import POLICY, served
from minicnn import Error

HOST = "127.0.0.1"
MOST_BYTES = 4 * 2**20  # of one request: a picture takes less than one
MOST_AT_ONCE = 16  # connections; more are told to come back
SECONDS = 20  # that a connection may be silent, or wait for the engine
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server(ThreadingHTTPServer):
    """Serves one network to the browsers of this machine: `serve_forever()`, and `close()` at the end.

    session: of the network; pictures: {what to call it: RGB of the network's own size, uint8 (H, W, 3)};
    port: which one to listen at, 0 for one that is free.
    """

    daemon_threads = True
    request_queue_size = 64
    token: str
    readers: Readers
    slots: threading.BoundedSemaphore
    hosts: set[str]
    page: bytes

    def __init__(self, session: Session, pictures: Mapping[str, np.ndarray], port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.token = secrets.token_urlsafe(24)
        self.readers = Readers(session)
        self.slots = threading.BoundedSemaphore(MOST_AT_ONCE)
        self.hosts = {f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"}
        self.page = served(session.model, pictures, f"/{self.token}/ask").encode()

    @property
    def address(self) -> str:
        """Where the page is, the token in it."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def close(self) -> None:
        """Listen no more."""
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """One thread for each connection, as long as there are not too many."""
        if self.slots.acquire(blocking=False):
            return super().process_request(request, client_address)
        with contextlib.suppress(OSError):
            request.settimeout(0.2)
            request.sendall(b"HTTP/1.0 503 busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """The work of one thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is nobody's trouble but its own."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version, timeout = "gradcam", "", SECONDS

    def do_GET(self):
        if self._refused("/"):
            return
        policy = re.search(rb'Content-Security-Policy" content="([^"]*)"', self.server.page)
        more = {"Content-Security-Policy": policy[1].decode() + "; frame-ancestors 'none'"} if policy else {}
        self._send(200, self.server.page, "text/html; charset=utf-8", more)

    def do_POST(self):
        if self._refused("/ask"):
            return
        if (
            self.headers.get("Origin") or f"http://{self.headers['Host']}"
        ) != f"http://{self.headers['Host']}":
            return self._fail(403, "asked from another page")
        if self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return self._fail(403, "asked from another page")
        if (self.headers.get("Content-Type") or "").split(";")[0].strip() != "application/json":
            return self._fail(415, "questions are JSON")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or self.headers.get("Transfer-Encoding"):
            return self._fail(411, "how long is it?")
        if len(length) > 9 or int(length) > MOST_BYTES:
            return self._fail(413, f"a request has {MOST_BYTES} bytes at most")
        try:
            reader, questions = understood(self.rfile.read(int(length)))
            body = packed(self.server.readers.answers(reader, questions, SECONDS))
        except LookupError:
            return self._fail(410, "this picture is not kept any more")
        except TimeoutError:
            return self._fail(503, "the engine is busy")
        except MemoryError:
            return self._fail(503, "there is not enough memory")
        except (Error, ValueError) as error:
            return self._fail(400, str(error) if isinstance(error, Error) else "that is no question")
        except OSError:  # whoever asked is gone
            return None
        self._send(200, body, "application/octet-stream")

    def _refused(self, path):
        """Whether the request is not for us; the answer says no more than that."""
        if self.headers.get("Host") not in self.server.hosts:
            self._fail(403, "another host's name")
            return True
        given = self.path.encode("utf-8", "replace")
        if not secrets.compare_digest(given, f"/{self.server.token}{path}".encode()):
            self._fail(404, "there is nothing here")
            return True
        return False

    def _fail(self, status, why):
        self._send(status, json.dumps({"error": why}).encode(), "application/json")

    def _send(self, status, body, kind, more=None):
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in {
                **HEADERS,
                **(more or {}),
                "Content-Type": kind,
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)

    def send_error(self, code, message=None, explain=None):
        self._fail(code, "there is nothing here")

    def log_message(self, format, *args):
        pass


__all__ = ["POLICY", "Server"]
