"""A server on this machine that breaks off where it is told to."""

import contextlib
import hashlib
import http.server
import re
import threading

import numpy as np

BODY = np.random.default_rng(0).bytes(300_000)
SUM = hashlib.sha256(BODY).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `body` in three parts, and does something `meanwhile`, in front of each; breaks off after
    `breaks_at` bytes of the file, once for each entry; notes the ranges it was asked for.
    """

    def __init__(self, body=BODY, breaks_at=(), ranges=True, meanwhile=lambda: None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.breaks_at, self.ranges, self.asked = body, list(breaks_at), ranges, []
        self.meanwhile = meanwhile
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/net-{SUM[:8]}.pth"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append(wanted)
        start = int(re.match(r"bytes=(\d+)-", wanted)[1]) if wanted and server.ranges else 0
        if start >= len(server.body):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(server.body) - 1}/{len(server.body)}")
        self.send_header("Content-Length", str(len(server.body) - start))
        self.end_headers()
        end = server.breaks_at.pop(0) if server.breaks_at else len(server.body)
        with contextlib.suppress(ConnectionError):  # whoever asked was killed
            for at in range(start, end, 100_000):
                server.meanwhile()
                self.wfile.write(server.body[at : min(at + 100_000, end)])

    def log_message(self, *_):
        pass
