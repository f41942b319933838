"""What browser tests share: a Chromium, and a folder served on this machine."""

import contextlib
import re
import shutil
import subprocess
import sys

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


@contextlib.contextmanager
def served(folder):
    """The address of a folder, served on this machine."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline()).group(0)
    finally:
        server.terminate()
        server.wait()
