"""The course where Python itself runs in a browser: packages are loaded when they are first used.

Pyodide loads what a cell names in an import of its own. What our modules import it cannot see, and to load everything
beforehand would let a form wait for pandas. So one more finder stands behind Python's: it loads a package of the lock
file when something of it is used.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError
from types import ModuleType

__all__ = ["IS_BROWSER", "Later", "NotLoaded", "lacking", "shown", "start"]

IS_BROWSER = sys.platform == "emscripten"
NO_PROCESSES = 138  # ENOTSUP of Emscripten, whose subprocess raises it
# Packages that pyproject.toml keeps out of browsers, by the names under which they are imported.
MACHINE_ONLY = {
    "cyclonedx",
    "flame",
    "jsonschema",
    "licomp_toolkit",
    "nbgrader",
    "repo_review",
    "reuse",
    "rich",
    "typer",
}


class NotLoaded(ModuleNotFoundError):
    """A package could not be loaded into the browser; the message says from where, and what to do."""

    def _render_traceback_(self) -> list[str]:
        # Notebooks show the message alone: the lines of Python's import system help nobody.
        return [str(self)]


class Later(MetaPathFinder, Loader):
    """Loads a package when something of it is first used.

    An import gives a module that is still empty; looking anything up in it loads the package. So a form whose module
    imports pandas for a table further down is there at once, and a page from which nothing can be loaded still has it.

    packages: import name -> (package, host it comes from, "" for the page's own). load: loads one, waiting until it is
    there. can_wait: whether this browser lets Python wait in the middle of a cell.
    """

    def __init__(self, packages, load, can_wait):
        self.packages, self.load, self.can_wait = packages, load, can_wait

    def find_spec(self, fullname: str, path=None, target=None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if path is None and fullname in self.packages else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Empty

    def fill(self, module: ModuleType) -> None:
        """Load the package of an empty module into it. Raises NotLoaded, and it stays empty, to be tried again."""
        name = object.__getattribute__(module, "__name__")
        package, host = self.packages[name]
        importlib.invalidate_caches()
        spec = PathFinder.find_spec(name)  # a cell that names it in an import of its own has brought it already
        if spec is None:
            if not self.can_wait():
                raise NotLoaded(
                    f"This browser cannot load {package} in the middle of a cell. Make a new cell above this one, with "
                    f"the line `import {name}`, run it, then run this one again.",
                    name=name,
                )
            with _told(package, host):
                self.load(package)
            importlib.invalidate_caches()
            spec = PathFinder.find_spec(name)
        if spec is None:
            where = f" from {host}, another host than this page's" if host else ""
            raise NotLoaded(
                f"{package} could not be loaded{where}: is there a network, and may it be reached? Nothing is lost. "
                "Run the cell again when there is; what needs no such package goes on working. On your own machine, "
                "`make learn` runs everything without a network.",
                name=name,
            )
        module.__class__ = ModuleType
        module.__spec__, module.__loader__, module.__file__ = spec, spec.loader, spec.origin
        if spec.submodule_search_locations is not None:
            module.__path__, module.__package__ = spec.submodule_search_locations, name
        try:
            spec.loader.exec_module(module)
        except BaseException:
            module.__spec__, module.__class__ = ModuleSpec(name, self), _Empty
            raise


class _Empty(ModuleType):
    """A module whose package is not loaded yet; its class becomes that of every module when it is."""

    def __getattribute__(self, name: str):
        # What a second import of it asks for is no use of it.
        if name not in {"__spec__", "__class__", "__name__", "__loader__"}:
            object.__getattribute__(self, "__spec__").loader.fill(self)
        return object.__getattribute__(self, name)


class _told:
    """Says in the cell what is being loaded, while it is."""

    def __init__(self, package: str, host: str):
        self.line = f"Loading {package}{f' from {host}' if host else ''}; once, then the browser keeps it …"

    def __enter__(self):
        from IPython.display import display

        self.shown = display({"text/plain": self.line}, raw=True, display_id=True)

    def __exit__(self, *_):
        if self.shown:  # None outside a notebook
            self.shown.update({"text/plain": ""}, raw=True)


def lacking(error: BaseException) -> str | None:
    """What a browser lacks, if that is why a cell failed: a sentence; None for every other failure."""
    if isinstance(error, PackageNotFoundError):
        what = f"the installed package {error.name}"
    elif isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in MACHINE_ONLY:
        what = f"the package {error.name.partition('.')[0]}"
    elif isinstance(error, OSError) and error.errno == NO_PROCESSES:
        what = "another program"
    else:
        return None
    return (
        f"This cell needs {what}, which a browser does not have. What the course's own run of it gave stands in the "
        "book, and in a fresh copy of this notebook; `make learn` runs it on your own machine. Cells that build on it "
        "stop, too; the others work."
    )


def shown(shell, kind, error, trace, tb_offset=None) -> list[str]:
    """Show an error as IPython's handler does: a sentence where the browser is the reason, else as always."""
    if said := lacking(error):
        lines = [said]
    elif hasattr(error, "_render_traceback_"):
        lines = error._render_traceback_()
    else:
        lines = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    shell._showtraceback(kind, error, lines)  # IPython leaves the showing to the handler
    return lines


def start() -> None:
    """Let imports load what the lock file names; does nothing outside a browser, or where it has been done."""
    if not IS_BROWSER or any(isinstance(finder, Later) for finder in sys.meta_path):
        return
    import pyodide_js
    from pyodide.ffi import can_run_sync, run_sync

    packages = {}
    for name, entry in pyodide_js.lockfile.packages.to_py().items():
        host = entry["file_name"].split("/")[2] if "://" in entry["file_name"] else ""
        packages |= {top: (name, host) for top in entry["imports"]}
    import IPython

    if shell := IPython.get_ipython():
        # The kernel asks for jedi, and it is left out: it would be a quarter of all that is loaded.
        shell.Completer.use_jedi = False
        shell.set_custom_exc((OSError, ModuleNotFoundError, PackageNotFoundError), shown)
    # Behind Python's own finder and before Pyodide's, which only says what to type.
    at = sys.meta_path.index(PathFinder) + 1
    sys.meta_path.insert(at, Later(packages, lambda name: run_sync(pyodide_js.loadPackage(name)), can_run_sync))
