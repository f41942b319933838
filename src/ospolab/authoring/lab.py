"""Build the lab: JupyterLite, in which lessons and exercises run without a server, at `lab/` beside the book's pages.

Its files are those of a learner's copy; its packages those of `lab_packages`. Nothing it loads comes from elsewhere,
but for the compiled packages where no local Pyodide distribution was named.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jupyter_server

from ospolab.authoring import lab_packages, pages, stamps
from ospolab.learner import copy

ROOT = pages.ROOT
SETTINGS = "book/lab"
SOURCES = (SETTINGS, "src/ospolab", "notebooks", "exercises/release", "requirements.txt", "pyproject.toml")
DISTRIBUTION = "PYODIDE"  # names the folder of a Pyodide distribution to embed
# `notebooks` shows one, also where it is narrow; `tree` lists the files for it; `lab` is all of JupyterLab.
APPS = ("lab", "notebooks", "tree")
KERNEL_PLUGIN = "@jupyterlite/pyodide-kernel-extension:kernel"
# Loaded while the kernel starts, all at once; one after the other they would each wait for the one before.
PRELOADED = (*lab_packages.KERNEL_NEEDS, "ospolab")


class LabError(Exception):
    """The lab was not built; the message says what was seen."""


def site(root: Path = ROOT) -> Path:
    """Where the lab is, once it is built."""
    return root / "_build/lab/site"


def facts(root: Path = ROOT) -> dict | None:
    """What the pages say about the lab, None where it is not built.

    megabytes: of Python and packages, loaded before the first output, as a host that compresses sends them, rounded;
    later visits take them from the browser's cache. host: where the compiled packages come from, None for this site.
    elsewhere: their names.
    """
    path = root / "_build/lab/facts.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def build(root: Path = ROOT) -> dict:
    """Build the lab into `_build/lab/site`, unless it is built from the present sources; returns its facts.

    Prints the seconds. Raises LabError, and lab_packages.PackagesError when something cannot be fetched.
    """
    work = root / "_build/lab"
    named = os.environ.get(DISTRIBUTION, "")
    wanted = stamps.fingerprint(root, SOURCES, str(Path(named).expanduser().resolve()) if named else "")
    if stamps.read(work / "site.sha256") == wanted and (known := facts(root)) and site(root).is_dir():
        return known
    started = time.perf_counter()
    (work / "site.sha256").unlink(missing_ok=True)
    (work / "facts.json").unlink(missing_ok=True)
    packages, _ = lab_packages.fetch(work, Path(named).expanduser() if named else None)
    _assemble(root, work, packages)
    _jupyterlite(work)
    _complete(site(root), packages)
    # Rounded: a page tells it, and is not to be written anew for every line of code that changes.
    known = {"megabytes": round(_first_load(packages) / 1e6)} | lab_packages.elsewhere(packages)
    (work / "facts.json").write_text(json.dumps(known), "utf-8")
    (work / "site.sha256").write_text(wanted, "utf-8")
    print(f"The lab: {site(root)} ({time.perf_counter() - started:.1f} s)")
    return known


def _assemble(root: Path, work: Path, packages: Path) -> None:
    """Lay out what JupyterLite builds from: settings, and the files of a learner's copy."""
    source = work / "source"
    # JupyterLite remembers what it has built, and loses settings when that is only half true.
    for folder in (source, site(root)):
        shutil.rmtree(folder, ignore_errors=True)
    for name, path in copy.sources(root).items():
        target = source / "files" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = copy.content_for_copy(path, path.relative_to(root).as_posix())
        target.write_bytes(_trusted(content) if target.suffix == ".ipynb" else content)
    settings = json.loads((root / SETTINGS / "jupyter-lite.json").read_text("utf-8"))
    settings["jupyter-config-data"].setdefault("litePluginSettings", {})[KERNEL_PLUGIN] = {
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": list(PRELOADED)},
    }
    extensions = [lab_packages.kernel_wheel(work), lab_packages.widgets_wheel(work)]
    config = {
        "apps": list(APPS),
        "output_dir": str(site(root)),
        "cache_dir": str(work / "cache"),
        "contents": [str(source / "files")],
        "federated_extensions": [str(path) for path in extensions],
        "ignore_sys_prefix": True,  # nbgrader's extensions need a server
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    (source / "jupyter-lite.json").write_text(json.dumps(settings, indent=1), "utf-8")
    (source / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}, indent=1), "utf-8")
    shutil.copyfile(root / SETTINGS / "overrides.json", source / "overrides.json")


def _trusted(notebook: bytes) -> bytes:
    """The notebook with its outputs marked as trusted, as `make learn` does: else its pictures show when they are run.

    They are the course's own, and come from the same place as the page that shows them.
    """
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["trusted"] = True
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _jupyterlite(work: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", str(work / "source")],
        cwd=work / "source",
        capture_output=True,
        text=True,
        check=False,
    )
    built = work / "site"
    if done.returncode or not all((built / app / "index.html").is_file() for app in APPS):
        raise LabError(f"JupyterLite could not be built:\n{(done.stdout + done.stderr).strip()[-2000:]}")
    # A half remembered build writes pages that know nothing of our kernel, and would fetch one from elsewhere.
    settings = json.loads((built / "jupyter-lite.json").read_text("utf-8"))
    if KERNEL_PLUGIN not in settings["jupyter-config-data"].get("litePluginSettings", {}):
        raise LabError(f"JupyterLite lost the settings of the kernel. Delete {work}, and build again.")


def _complete(built: Path, packages: Path) -> None:
    """Add what JupyterLite's own build leaves out: the runtime, and icons that its pages ask for."""
    shutil.copytree(packages, built / "static/pyodide")
    # What a page fetches ahead when somebody reaches for its link.
    (built / "static/pyodide/starting.json").write_text(json.dumps(starting(packages)), "utf-8")
    shutil.copytree(Path(jupyter_server.__file__).parent / "static/favicons", built / "static/favicons")
    for build_file in ("rspack.config.js", "package.json"):
        (built / build_file).unlink(missing_ok=True)


def starting(packages: Path) -> list[str]:
    """The files that the kernel loads before it can run a cell, without the pages' own scripts."""
    lock = json.loads((packages / "pyodide-lock.json").read_text("utf-8"))["packages"]
    found, waiting = {}, list(PRELOADED)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = lock[name]["file_name"]
            waiting += lock[name]["depends"]
    return [*lab_packages.RUNTIME_FILES, *sorted(found.values())]


def _first_load(packages: Path) -> int:
    def sent(path: Path) -> int:
        content = path.read_bytes()
        return len(content) if path.suffix in (".whl", ".zip") else len(gzip.compress(content, 6))

    return sum(sent(packages / name) for name in starting(packages))
