"""Other builds of the book: one PDF, a zip that opens without a network, a look at the links that lead out."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path

from ospolab.authoring import book

NAME = "ospo-lab"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
LONGEST = 900  # seconds a browser may take to print


def pdf(root: Path = book.ROOT) -> Path:
    """Print the whole book into `_build/ospo-lab.pdf` and return that path.

    Every page is part of it, tabs and folded parts opened, with an outline of the headings. Needs Chromium or Chrome.
    Raises BookError when there is none, when the pages cannot be put together, and when nothing was printed.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise book.BookError("To print the book, install Chromium (Debian and Ubuntu: apt-get install chromium).")
    book.build(root=root)
    started = time.perf_counter()
    out = root / "_build" / f"{NAME}.pdf"
    out.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless=new", "--disable-gpu", f"--user-data-dir={profile}"]
        command += ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # root has no other way
        command += ["--no-pdf-header-footer", "--generate-pdf-document-outline", f"--print-to-pdf={out}"]
        command += ["--virtual-time-budget=20000", one_page(root).as_uri()]
        said = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    if not out.is_file():
        raise book.BookError(f"{browser} printed nothing:\n{said.stderr.strip()[-2000:]}")
    print(f"The book as PDF: {out} ({out.stat().st_size / 1e6:.0f} MB, {time.perf_counter() - started:.0f} s)")
    return out


def one_page(root: Path = book.ROOT) -> Path:
    """Put all pages of the book on one, in the order of `_toc.yml`, and return its path. Raises BookError."""
    done = _build(root, "singlehtml")
    # Sphinx names the page after the first document and its addresses as if it lay at the top.
    made = root / "_build/singlehtml" / f"{_first(root)}.html"
    if done.returncode or not made.is_file():
        raise book.BookError(f"The pages could not be put on one:\n{(done.stdout + done.stderr)[-2000:]}")
    page = root / "_build/singlehtml/whole-book.html"
    shutil.move(made, page)
    return page


def _build(root: Path, builder: str) -> subprocess.CompletedProcess:
    command = book.jupyter_book(root, "--builder", "custom", "--custom-builder", builder)
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def _first(root: Path) -> str:
    return re.search(r"^root: (\S+)", (root / "_toc.yml").read_text("utf-8"), re.MULTILINE)[1]


def offline(root: Path = book.ROOT) -> Path:
    """Pack the built book into `_build/ospo-lab-book.zip` and return that path.

    Unpacked anywhere, its `index.html` opens in a browser; searching works, too. Without the lab, which needs a web
    server. The same pages give the same bytes.
    """
    site = book.build(root=root)
    out = root / "_build" / f"{NAME}-book.zip"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(site.rglob("*")):
            if path.is_file() and path.name != ".buildinfo" and not path.is_relative_to(site / "lab"):
                entry = zipfile.ZipInfo(f"{NAME}-book/{path.relative_to(site).as_posix()}")
                entry.external_attr = 0o644 << 16
                packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    print(f"The book to take along: {out} ({out.stat().st_size / 1e6:.0f} MB)")
    return out


def links(root: Path = book.ROOT) -> bool:
    """Ask every address outside the book that a page names whether it is there; True if all are.

    Prints those that are not, and those that lead on to another place. Takes minutes, and needs a network: it is for
    asking now and then, not for tests.
    """
    _build(root, "linkcheck")
    said = root / "_build/linkcheck/output.json"
    if not said.is_file():
        raise book.BookError("The links could not be looked at: `make book` says why.")
    found = [json.loads(line) for line in said.read_text("utf-8").splitlines()]
    broken = [one for one in found if one["status"] in ("broken", "timeout")]
    for one in [*broken, *(one for one in found if one["status"] == "redirected")]:
        print(f"{one['status']:<10} {one['filename']}: {one['uri']} {one['info']}")
    print(f"{len(found)} links, {len(broken)} of them broken or without an answer.")
    return not broken
