"""A server as a host of static pages is: compressed, to be kept, and as fast as a line is."""

import contextlib
import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

SMALLER = (".html", ".css", ".js", ".mjs", ".svg", ".json", ".wasm", ".ipynb", ".yml")
PIECE = 16 * 1024


@cache
def body(path: Path) -> bytes:
    """What is sent of a file."""
    content = path.read_bytes()
    return gzip.compress(content, 6) if path.suffix in SMALLER else content


class Line:
    """A line of some megabits a second that everybody shares; None: as fast as this machine."""

    def __init__(self, megabits: float | None):
        self.seconds = 8 / (megabits * 1e6) if megabits else 0.0
        self.free, self.lock = time.monotonic(), threading.Lock()

    def wait(self, size: int) -> None:
        if not self.seconds:
            return
        with self.lock:
            self.free = max(self.free, time.monotonic()) + size * self.seconds
            until = self.free
        time.sleep(max(until - time.monotonic(), 0))


class Compressing(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments, line: Line, sent: list[int], **options):
        self.line, self.sent = line, sent
        super().__init__(*arguments, **options)

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content = body(path)
        self.send_response(200)
        if path.suffix in SMALLER:
            self.send_header("Content-Encoding", "gzip")
        kind = {".wasm": "application/wasm", ".mjs": "text/javascript"}.get(path.suffix, self.guess_type(str(path)))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "public, max-age=31536000")
        self.end_headers()
        self.sent.append(len(content))
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(content), PIECE):
                piece = content[start : start + PIECE]
                self.line.wait(len(piece))
                self.wfile.write(piece)


@contextlib.contextmanager
def served(site: Path, megabits: float | None = None, sent: list[int] | None = None) -> Iterator[str]:
    """The address of a folder. megabits: the speed of the line. sent: gets the bytes of each answer."""
    given = {"line": Line(megabits), "sent": [] if sent is None else sent, "directory": str(site)}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressing, **given))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
