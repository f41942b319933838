"""Build the book: `_build/html`, from what is stored in the notebooks, executing nothing.

Jupyter Book exits with 0 when a page is missing, and repeats no warning for a page it has read before. So success is
established here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ospolab.authoring import lab, lab_packages, pages, stamps

ROOT = pages.ROOT
# What a page can be made of. Anything else in the repository cannot change the book.
SOURCES = (
    *("_config.yml", "_toc.yml", "requirements.txt", "book", "notebooks", "exercises/release"),
    # Which words become links to the glossary, and how they are found.
    *("src/ospolab/glossary.yml", "src/ospolab/authoring/glossary.py", "src/ospolab/authoring/term_links.py"),
    # What the pages load, how they are searched, where they lead.
    *(f"src/ospolab/authoring/{name}.py" for name in ("light_pages", "search_index", "offers")),
    "src/ospolab/curriculum.yml",
)
# When no page is out of date, Sphinx does not look at these.
LOOK = ("book/_static", "book/_templates")
LOOK += tuple(f"src/ospolab/authoring/{name}.py" for name in ("light_pages", "search_index", "offers"))
# Sphinx colours its output even into a file.
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
NOTICED = re.compile(r"WARNING|ERROR|CRITICAL|Traceback|^\w*(?:Error|Exception):")


class BookError(Exception):
    """The book was not built; the message says what was seen and where the rest stands."""


def site(root: Path = ROOT) -> Path:
    """Where the pages are."""
    return root / "_build/html"


def fingerprint(root: Path = ROOT, sources: tuple[str, ...] = SOURCES) -> str:
    """A digest of everything the book is made of, or of some of it; what the pages say of the lab is a part."""
    return stamps.fingerprint(root, sources, json.dumps(lab.facts(root)))


def is_current(root: Path = ROOT) -> bool:
    """True if the book was built from exactly the present sources."""
    return stamps.read(root / "_build/book.sha256") == fingerprint(root) and not missing_pages(root)


def missing_pages(root: Path = ROOT) -> list[str]:
    """Entries of `_toc.yml` that have no HTML page."""
    return [entry for entry in pages.toc_files(root) if not (site(root) / f"{entry}.html").is_file()]


def removed_pages(root: Path = ROOT) -> list[str]:
    """Pages of an earlier build that `_toc.yml` no longer names; Sphinx would leave them lying."""
    published = site(root) / "_sources"
    entries = set(pages.toc_files(root))
    names = (path.relative_to(published).with_suffix("").as_posix() for path in sorted(published.rglob("*.*")))
    return [name for name in names if name not in entries]


def missing_sources(root: Path = ROOT) -> list[str]:
    """Entries of `_toc.yml` that have neither a notebook nor a Markdown file."""
    endings = (".ipynb", ".md")
    return [file for file in pages.toc_files(root) if not any((root / (file + end)).is_file() for end in endings)]


def _report(log: Path, most: int = 40) -> str:
    """The lines of the log that matter: warnings and errors, each once, or the end of it if there are none."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    noticed = list(dict.fromkeys(line for line in lines if NOTICED.search(line)))
    return "\n".join(noticed[:most] or lines[-most:])


def build(fresh: bool = False, root: Path = ROOT) -> Path:
    """Build the book with warnings as errors and return the folder of its pages.

    fresh: forget everything built before; without it, a book made of the present sources stays as it is. Prints the
    seconds and where the book is. Raises BookError when an entry of `_toc.yml` has no source or no page, when a derived
    page is out of date, and when Jupyter Book warns.
    """
    if absent := missing_sources(root):
        names = "\n  ".join(absent)
        raise BookError(f"_toc.yml names pages that are not there:\n  {names}\nWrite them, or take the entries out.")
    if outdated := pages.stale(root):
        names = "\n  ".join(path.relative_to(root).as_posix() for path in outdated)
        how = "Run `.venv/bin/python -m ospolab.authoring.pages`, and commit what it writes."
        raise BookError(f"Derived pages are out of date:\n  {names}\n{how}")

    with_lab = _lab(root)
    if not fresh and is_current(root):
        _install(root, with_lab)
        print(f"The book: {site(root) / 'index.html'} ({len(pages.toc_files(root))} pages, nothing has changed)")
        return site(root)

    started = time.perf_counter()
    folder = root / "_build"
    look = fingerprint(root, LOOK)
    if fresh or removed_pages(root) or stamps.read(folder / "look.sha256") != look:
        _forget(folder)
    folder.mkdir(exist_ok=True)
    (folder / "book.sha256").unlink(missing_ok=True)
    before = fingerprint(root)
    log = folder / "book.log"
    command = jupyter_book(root, "-W", "--keep-going", "-n")
    with log.open("w", encoding="utf-8") as out:
        # Jupyter Book asks for a terminal's width and colours; a log has neither.
        environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONWARNINGS": "ignore"}
        finished = subprocess.run(command, cwd=root, stdout=out, stderr=subprocess.STDOUT, env=environment, check=False)
    log.write_text(COLOUR.sub("", log.read_text("utf-8", errors="replace")), "utf-8")
    absent = missing_pages(root)
    if finished.returncode or absent:
        said = _report(log)
        # A second build would not repeat the warnings of pages it has already read, and pass.
        shutil.rmtree(folder / ".doctrees", ignore_errors=True)
        without = f"\nNo page was made for: {', '.join(absent)}." if absent else ""
        raise BookError(f"The book was not built.{without}\n{said}\nEverything it said: {log}")
    _install(root, with_lab)
    (folder / "book.sha256").write_text(before, "utf-8")
    (folder / "look.sha256").write_text(look, "utf-8")
    seconds = time.perf_counter() - started
    print(f"The book: {site(root) / 'index.html'} ({len(pages.toc_files(root))} pages, {seconds:.1f} s)")
    return site(root)


def _lab(root: Path) -> bool:
    """Build the lab, whose facts the pages tell; False where there is none or, with a word on why, cannot be one."""
    if not (root / lab.SETTINGS).is_dir():
        return False
    try:
        lab.build(root)
    except lab_packages.PackagesError as problem:
        if os.environ.get(lab.DISTRIBUTION):  # somebody asked for it
            raise BookError(str(problem)) from problem
        print(f"The book is built without the lab in the browser. {problem}")
        return False
    except lab.LabError as problem:
        raise BookError(str(problem)) from problem
    return True


def _install(root: Path, with_lab: bool) -> None:
    """Put the lab beside the pages, or take an old one away."""
    target, digest = site(root) / "lab", stamps.read(root / "_build/lab/site.sha256")
    if with_lab and stamps.read(target / ".digest") == digest:
        return
    shutil.rmtree(target, ignore_errors=True)
    if with_lab:
        shutil.copytree(lab.site(root), target)
        (target / ".digest").write_text(digest, "utf-8")


def jupyter_book(root: Path, *options: str) -> list[str]:
    """The command that lets Jupyter Book build a folder."""
    # Not the console script: that need not be on PATH, and this is the interpreter whose packages are meant.
    start = "import sys; from jupyter_book.cli.main import main; sys.exit(main())"
    return [sys.executable, "-c", start, "build", str(root), *options]


def _forget(folder: Path) -> None:
    """Remove the pages and what Sphinx remembers of them; other things in `_build` stay."""
    for name in ("html", ".doctrees", "jupyter_execute", "book.sha256"):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        build(fresh="--fresh" in sys.argv[1:])
    except BookError as problem:
        sys.exit(str(problem))
