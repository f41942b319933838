"""The lab in the browser: its packages, and a learner in a real browser that reaches nothing but the book's site."""

import hashlib
import http.server
import importlib.util
import json
import re
import subprocess
import sys
import threading
import time
import zipfile
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest
import yaml
from browsing import CHROMIUM, served

from ospolab import browser as in_browser
from ospolab import course
from ospolab.authoring import book, lab, lab_packages, offers, openings
from ospolab.lessons import openings as kept_openings
from ospolab.lessons import staying

ROOT = course.root()
SLOW = 90_000  # milliseconds that Python may take to start on a busy machine

needs_lab = pytest.mark.skipif(
    lab.facts() is None or not (book.site() / "lab").is_dir(),
    reason="the lab is not built: `make book` says why (it needs a network the first time)",
)

# --- what it is made of -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packages():
    folder = book.site() / "lab/static/pyodide"
    return folder, json.loads((folder / "pyodide-lock.json").read_text("utf-8"))["packages"]


@needs_lab
def test_the_lock_file_names_what_is_there_and_nothing_that_is_missing(packages):
    folder, lock = packages
    for name, entry in lock.items():
        assert set(entry["depends"]) <= set(lock), name
        if "://" in entry["file_name"]:
            continue
        wheel = folder / entry["file_name"]
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() == entry["sha256"], name
    assert {name for name, entry in lock.items() if "://" in entry["file_name"]} == set(lab.facts()["elsewhere"])


@needs_lab
def test_packages_have_the_versions_of_the_course(packages):
    # Some have a pin for each version of Python.
    pins = set(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE))
    ours = {name: entry["version"] for name, entry in packages[1].items() if "://" not in entry["file_name"]}
    standing_in = {"ipykernel", "jedi", "widgetsnbextension"}  # small ones of the same name, for what a browser has not
    pinned = ours.keys() & {name for name, _ in pins} - standing_in
    assert {name: ours[name] for name in pinned if (name, ours[name]) not in pins} == {}
    assert len(pinned) > 30


@needs_lab
def test_forms_start_without_a_compiled_package_from_elsewhere(packages):
    assert not set(lab.facts()["elsewhere"]) & set(json.loads((packages[0] / "starting.json").read_text("utf-8")))
    started = {packages[1][name]["file_name"] for name in (*lab_packages.EAGER, *lab_packages.KERNEL_NEEDS)}
    assert started <= set(lab.starting(packages[0]))


def test_what_needs_processes_is_not_for_a_browser():
    needed = lab_packages.closure(lab_packages._own_needs(), "3.14.2")
    assert {"pandas", "pydantic", "pyyaml", "license-expression"} <= set(needed)
    assert not {"jupyterlab", "nbgrader", "reuse", "licomp-toolkit"} & set(needed)


def test_an_entry_of_the_lock_file_is_read_from_the_wheel(tmp_path):
    wheel = tmp_path / "some_thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("some_thing/__init__.py", "")
        archive.writestr("lonely.py", "")
        needs = "Requires-Dist: pandas\nRequires-Dist: jupyterlab; sys_platform != 'emscripten'\n"
        archive.writestr("some_thing-1.0.dist-info/METADATA", f"Name: some-thing\nVersion: 1.0\n{needs}")
    entry = lab_packages.entry(wheel, "3.14.2")
    assert (entry["name"], entry["version"], entry["depends"]) == ("some-thing", "1.0", ["pandas"])
    assert entry["imports"] == ["lonely", "some_thing"]


def test_a_folder_that_is_no_distribution_is_named(tmp_path, monkeypatch):
    constants = 'PYODIDE_VERSION = "314.0.6"\nPYODIDE_CDN_URL = f"https://example.org/v{PYODIDE_VERSION}/full"\n'
    kernel = tmp_path / "kernel.whl"
    with zipfile.ZipFile(kernel, "w") as archive:
        archive.writestr("jupyterlite_pyodide_kernel/constants.py", constants)
    monkeypatch.setattr(lab_packages, "kernel_wheel", lambda folder: kernel)
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        lab_packages.PackagesError, match=r"(?s)is no Pyodide distribution.*release 314\.0\.6"
    ) as problem:
        lab_packages.fetch(tmp_path / "work", tmp_path / "empty")
    assert "pyodide.mjs" in str(problem.value)


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """A Pyodide distribution with three compiled packages, and one pure that they need; nothing is fetched."""
    constants = 'PYODIDE_VERSION = "1.0"\nPYODIDE_CDN_URL = f"https://cdn.example.org/v{PYODIDE_VERSION}/full"\n'
    kernel = tmp_path / "kernel.whl"
    with zipfile.ZipFile(kernel, "w") as archive:
        archive.writestr("jupyterlite_pyodide_kernel/constants.py", constants)
    place = tmp_path / "pyodide"
    place.mkdir()
    packages = {}
    for name, needs in {"numpy": [], "pandas": ["numpy", "pytz"], "matplotlib": ["numpy"], "pytz": []}.items():
        tag = "py3-none-any" if name == "pytz" else "cp314-cp314-pyemscripten_2026_0_wasm32"
        file = f"{name}-1.0-{tag}.whl"
        packages[name] = {"name": name, "version": "1.0", "file_name": file, "depends": needs, "imports": [name]}
        (place / file).write_bytes(b"wheel")
    info = {"python": "3.14.2", "abi_version": "2026_0"}
    for name in lab_packages.RUNTIME_FILES:
        (place / name).write_text(json.dumps({"info": info, "packages": packages}))

    def wheel(name, version="1.0"):
        return lab_packages._packed(tmp_path / f"{name.replace('-', '_')}-{version}-py3-none-any.whl", {})

    pure = [wheel(name) for name in (*lab_packages.KERNEL_NEEDS, *lab_packages.EAGER, "pytz")]
    monkeypatch.setattr(lab_packages, "kernel_wheel", lambda folder: kernel)
    monkeypatch.setattr(lab_packages, "_runtime", lambda folder, version: place)
    monkeypatch.setattr(lab_packages, "_wheels", lambda folder, given, compiled: pure)
    monkeypatch.setattr(lab_packages, "_kernel_own", lambda folder, kernel: [])
    monkeypatch.setattr(lab_packages, "own_wheel", lambda folder: wheel("ospolab"))
    return place


def test_a_distribution_that_is_named_is_embedded(tmp_path, distribution):
    site, version = lab_packages.fetch(tmp_path / "work", distribution)
    lock = json.loads((site / "pyodide-lock.json").read_text())["packages"]
    assert version == "1.0"
    assert lab_packages.elsewhere(site) == {"host": None, "elsewhere": []}
    assert all((site / lock[name]["file_name"]).is_file() for name in lab_packages.COMPILED)
    assert lock["pandas"]["depends"] == ["numpy", "pytz"]


def test_a_distribution_without_its_packages_is_named(tmp_path, distribution):
    next(distribution.glob("pandas-*")).unlink()
    with pytest.raises(lab_packages.PackagesError, match=r"lacks pandas-1\.0.*whole distribution"):
        lab_packages.fetch(tmp_path / "work", distribution)


def test_without_one_compiled_packages_come_from_the_public_address(tmp_path, distribution):
    site, _ = lab_packages.fetch(tmp_path / "work")
    lock = json.loads((site / "pyodide-lock.json").read_text())["packages"]
    assert lab_packages.elsewhere(site) == {"host": "cdn.example.org", "elsewhere": ["matplotlib", "numpy", "pandas"]}
    assert lock["numpy"]["file_name"].startswith("https://cdn.example.org/v1.0/full/numpy-1.0")
    assert lock["ospolab"]["depends"] == list(lab_packages.EAGER)


def test_another_runtime_than_the_one_looked_at_is_refused(tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    npm.write_text('#!/bin/sh\nfor last; do :; done\necho other > "$last/pyodide-1.0.tgz"\n')
    npm.chmod(0o755)
    monkeypatch.setattr(lab_packages, "_npm", lambda folder: ([str(npm)], None))
    with pytest.raises(lab_packages.PackagesError, match=r"pyodide 1\.0 is not what is expected"):
        lab_packages._runtime(tmp_path, "1.0")
    assert not (tmp_path / "runtime-1.0").exists()


def test_a_book_without_the_lab_offers_none():
    page = "notebooks/foundations/what-an-ospo-does"
    assert not any("lab/" in address for _, address, _ in offers.offers(page))
    address = dict((label, address) for label, address, _ in offers.offers(page, with_lab=True))[
        "Run it in the browser"
    ]
    assert address == f"lab/notebooks/index.html?path={page}.ipynb"


@pytest.mark.parametrize(("host", "says"), [("cdn.example.org", True), (None, False)])
def test_another_host_is_named_before_anything_is_loaded(host, says):
    line = offers.before_running({"megabytes": 13, "host": host, "elsewhere": []}, "../")
    assert "13 MB" in line
    assert ("cdn.example.org" in line) == says


# --- imports that load ------------------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a part, which can be found when it is loaded: (its name, what was loaded)."""
    name = "loaded_when_used"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("from . import part\nvalue = part.value + 1\n")
    (tmp_path / name / "part.py").write_text("value = 41\n")
    yield name, []
    for module in [one for one in sys.modules if one.partition(".")[0] == name]:
        del sys.modules[module]


@pytest.fixture
def finder(package, tmp_path, monkeypatch):
    name, loaded = package

    def load(wanted):
        loaded.append(wanted)
        monkeypatch.syspath_prepend(tmp_path)

    found = in_browser.Later({name: ("a-package", "cdn.example.org")}, load, lambda: True)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, found])
    return found


def test_an_import_loads_nothing_and_a_use_does(package, finder):
    name, loaded = package
    module = importlib.import_module(name)
    assert importlib.import_module(name) is module
    assert loaded == []
    assert module.value == 42
    assert loaded == ["a-package"]
    assert sys.modules[name] is module and type(module) is type(sys)
    assert finder.find_spec("json") is None
    assert finder.find_spec(name, path=["x"]) is None


def test_a_part_of_a_package_loads_it(package, finder):
    name, loaded = package
    assert importlib.import_module(f"{name}.part").value == 41
    assert loaded == ["a-package"]


def test_what_cannot_be_loaded_says_from_where_and_can_be_tried_again(package, finder):
    name, _ = package
    module, load = importlib.import_module(name), finder.load
    finder.load = lambda wanted: None
    with pytest.raises(in_browser.NotLoaded, match=r"a-package could not be loaded from cdn\.example\.org.*make learn"):
        _ = module.value
    finder.load = load
    assert module.value == 42


def test_a_package_that_fails_while_it_starts_fails_again(package, finder, tmp_path):
    name, _ = package
    (tmp_path / name / "part.py").write_text("1 / 0\n")
    module = importlib.import_module(name)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            _ = module.value


def test_a_browser_that_cannot_wait_says_what_to_type_and_then_goes_on(package, finder, tmp_path, monkeypatch):
    name, loaded = package
    finder.can_wait = lambda: False
    module = importlib.import_module(name)
    with pytest.raises(in_browser.NotLoaded, match=f"`import {name}`"):
        _ = module.value
    monkeypatch.syspath_prepend(tmp_path)  # what typing it does: Pyodide reads the cell, and brings the package
    assert module.value == 42
    assert loaded == []


FIRST_CELLS = """
import contextlib, json, os, sys
from importlib.machinery import PathFinder
from pathlib import Path
from ospolab import browser

def refuse(package):
    raise SystemExit(f"{here.name}: {package} is loaded in the first cell")

browser._told = lambda package, host: contextlib.nullcontext()
heavy = browser.Later({name: (name, "") for name in ("numpy", "pandas", "matplotlib")}, refuse, lambda: True)
sys.meta_path.insert(sys.meta_path.index(PathFinder), heavy)
for notebook in map(Path, sys.argv[1:]):
    here = notebook.parent
    os.chdir(here)
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    exec("".join(next(cell["source"] for cell in cells if cell["cell_type"] == "code")), {})
"""


def test_opening_pictures_are_kept_as_they_are_drawn():
    assert len(openings.views()) == 18  # and one lesson opens with a sketch
    for name in openings.views():
        kept = (kept_openings.FOLDER / f"{name}.json").read_text("utf-8")
        assert kept == openings.drawn(name), f"{name}: run `python -m ospolab.authoring.openings`"


def test_a_browser_shows_what_is_kept_and_draws_what_is_asked_for(monkeypatch):
    monkeypatch.setattr(kept_openings, "IS_BROWSER", True)
    drawn = []
    monkeypatch.setattr(staying, "canvas", lambda *_, **__: drawn.append(1))
    assert "curl" in staying.opening().alt
    assert drawn == []


def test_the_first_cells_of_exercises_use_nothing_heavy():
    notebooks = [str(one.notebook) for one in course.assignments()]
    done = subprocess.run([sys.executable, "-c", FIRST_CELLS, *notebooks], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(notebooks) == 17


@pytest.mark.parametrize(
    ("error", "needs"),
    [
        (OSError(138, "emscripten does not support processes."), "another program"),
        (ModuleNotFoundError("No module named 'reuse'", name="reuse.project"), "the package reuse"),
        (PackageNotFoundError("urllib3"), "the installed package urllib3"),
    ],
)
def test_what_a_browser_lacks_is_said_in_a_sentence(error, needs):
    told = []
    shell = SimpleNamespace(_showtraceback=lambda kind, error, lines: told.extend(lines))
    in_browser.shown(shell, type(error), error, None)
    assert told[0].startswith(f"This cell needs {needs}, which a browser does not have.")


def test_other_errors_are_shown_as_always():
    for error in (OSError(2, "no such file"), ModuleNotFoundError("No module named 'pandass'", name="pandass")):
        assert in_browser.lacking(error) is None


def test_names_that_stay_on_the_machine_are_importable_there():
    assert all(importlib.util.find_spec(name) for name in in_browser.MACHINE_ONLY)


# --- the learner, with every other host out of reach ------------------------------------------------------------------

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
no_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here (Debian and Ubuntu: apt-get install chromium)"
)


def in_chromium(test):
    return needs_lab(no_chromium(pytest.mark.browser(test)))


@pytest.fixture(scope="module")
def wall():
    """A proxy that lets nothing through: (its address, the hosts it was asked for). Workers cannot get round it."""
    asked = []

    class Refuse(http.server.BaseHTTPRequestHandler):
        def refuse(self):
            asked.append(self.path.split("/")[2] if "://" in self.path else self.path.split(":")[0])
            self.send_error(403)

        do_CONNECT = do_GET = do_HEAD = do_POST = refuse

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()


@pytest.fixture(scope="module")
def walled(wall):
    """A browser behind the wall."""
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
            proxy={"server": wall[0], "bypass": "127.0.0.1"},
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The book in a folder of a server, as forges publish it."""
    place = tmp_path_factory.mktemp("server")
    (place / "some").mkdir()
    (place / "some/folder").symlink_to(book.site())
    with served(place) as where:
        yield f"{where}/some/folder"


def visitor(walled, **options):
    page = walled.new_context(viewport={"width": 1280, "height": 1000}, **options).new_page()
    page.set_default_timeout(SLOW)
    return page


def run_in_the_browser(page, address, name):
    """From a page of the book into the lab, by its link."""
    page.goto(f"{address}/{name}.html")
    page.get_by_role("link", name="Run it in the browser").click()
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()


def run(page, text):
    """Run the cell whose source holds `text`, and return it when it has been run."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text)).first
    cell.scroll_into_view_if_needed()
    before = cell.locator(".jp-InputPrompt").first.text_content()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        """([cell, before, began]) => {
            const prompt = cell.querySelector(".jp-InputPrompt").textContent;
            return /\\d/.test(prompt) && (prompt !== before || Date.now() - began > 3000);
        }""",
        arg=[cell.element_handle(), before, time.time() * 1000],
    )
    return cell


def hosts(wall):
    """What the wall was asked for since the last time, but for the browser's own housekeeping."""
    asked = [host for host in wall[1] if not re.search(r"(google|gstatic|googleapis)\.", host)]
    wall[1].clear()
    return set(asked)


FORMS = "exercises/release/foundations/foundations"


@in_chromium
def test_an_exercise_of_forms_is_worked_kept_and_taken_home(walled, wall, address, tmp_path):
    hosts(wall)
    page = visitor(walled, accept_downloads=True)
    run_in_the_browser(page, address, FORMS)
    run(page, "from ospolab.forms import")
    run(page, 'form("uses")')
    form = page.locator(".ospolab-form-uses").last
    form.get_by_role("radio").first.check()
    expect(form.locator(".ospolab-status")).to_contain_text(re.compile(r"\b1 of \d+ answered"))

    run(page, 'form("organisation")')
    chosen = page.locator(".ospolab-form-organisation").last
    chosen.get_by_role("radio", name=re.compile("Kessel")).check()
    expect(chosen.locator(".ospolab-status")).to_contain_text("answered")
    paper = run(page, "Writes portfolio/organisation.yml")
    expect(paper.locator(".jp-OutputArea")).to_contain_text("Written to portfolio/organisation.yml")

    # Another day: the page is opened anew, the answers are there.
    run_in_the_browser(page, address, FORMS)
    run(page, "from ospolab.forms import")
    run(page, 'form("uses")')
    expect(page.locator(".ospolab-form-uses").last.get_by_role("radio").first).to_be_checked()

    page.goto(f"{address}/book/browser.html")
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("foundations, to hand in")).click()
    handed_in = tmp_path / "handed-in.zip"
    download.value.save_as(handed_in)
    with zipfile.ZipFile(handed_in) as packed:
        names = set(packed.namelist())
        answers = yaml.safe_load(packed.read("foundations/answers.yml"))
        notebook = json.loads(packed.read("foundations/foundations.ipynb"))
    assert {"foundations/foundations.ipynb", "foundations/answers.yml", "foundations/forms.yml"} <= names
    assert answers["organisation"]["start"] and answers["uses"]
    ours = json.loads((ROOT / f"{FORMS}.ipynb").read_text("utf-8"))
    ids = [[cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in one["cells"]] for one in (ours, notebook)]
    assert ids[0] == ids[1]
    assert not any("trusted" in cell["metadata"] for cell in notebook["cells"])

    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("everything")).click()
    whole = tmp_path / "work.zip"
    download.value.save_as(whole)
    with zipfile.ZipFile(whole) as packed:
        assert "portfolio/organisation.yml" in packed.namelist()
        assert yaml.safe_load(packed.read("exercises/foundations/answers.yml")) == answers
    page.context.close()

    # In another browser, the zip is put back, and the lab goes on from there.
    page = visitor(walled)
    page.goto(f"{address}/book/browser.html")
    expect(page.locator("#browser-work")).to_contain_text("Nothing of yours is in this browser yet")
    page.get_by_label("Put a zip back").set_input_files(whole)
    expect(page.locator("#browser-work [role=status]")).to_contain_text("files were put back")
    run_in_the_browser(page, address, FORMS)
    run(page, "from ospolab.forms import")
    run(page, 'form("uses")')
    expect(page.locator(".ospolab-form-uses").last.get_by_role("radio").first).to_be_checked()
    assert hosts(wall) == set()
    page.context.close()


@in_chromium
def test_a_lesson_comes_alive_from_beginning_to_end(walled, wall, address):
    hosts(wall)
    page = visitor(walled)
    run_in_the_browser(page, address, "notebooks/foundations/what-an-ospo-does")
    # Before anything runs, the pictures are there as they were stored.
    expect(page.locator(".jp-OutputArea svg[role=img]").first).to_be_visible()
    run(page, "requests.opening()")
    explored = run(page, "requests.explorer()")
    sentence = explored.locator(".ospolab-conclusion")
    expect(sentence).to_contain_text("Counselor, compliance holds")
    explored.get_by_label("Message").select_option(index=0)
    expect(sentence).to_contain_text("Choose a pillar and a hat")
    for text, says in (
        ("requests.counted()", "Environmentalist"),
        ("requests.shares_figure(shares)", "What offices say they do"),
        ("len(fell)", "12 of 12 fell"),
        ("requests.ticks(tasks)", "up to three"),
        ("requests.ranks(tasks)", "Growing talent"),
    ):
        expect(run(page, text).locator(".jp-OutputArea")).to_contain_text(says)
    quiz = run(page, 'quiz("foundations/what-an-ospo-does")')
    quiz.get_by_role("radio").first.check()
    expect(quiz.locator(".ospolab-told").first).not_to_be_empty()
    assert hosts(wall) == set()
    page.context.close()


@in_chromium
def test_what_a_browser_lacks_or_cannot_reach_is_said_in_the_cell(walled, wall, address):
    hosts(wall)
    page = visitor(walled)
    run_in_the_browser(page, address, "notebooks/foundations/one-office-many-forms")
    opened = run(page, "offices.opening()")
    expect(opened.locator(".jp-OutputArea svg[role=img]")).to_be_visible()
    assert hosts(wall) == set()

    elsewhere = lab.facts()["host"]
    if elsewhere is not None:
        refused = run(page, 'survey = load("survey_ospo")')
        expect(refused.locator(".jp-OutputArea")).to_contain_text(f"pandas could not be loaded from {elsewhere}")
        assert hosts(wall) == {elsewhere}

    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text("import subprocess; subprocess.run(['git'])")
    page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea")).to_contain_text("This cell needs another program, which a browser does not")
    page.context.close()


@in_chromium
def test_what_is_no_work_of_the_course_is_not_put_in(walled, address, tmp_path):
    page = visitor(walled)
    page.goto(f"{address}/book/browser.html")
    said = page.locator("#browser-work [role=status]")
    (tmp_path / "broken.zip").write_bytes(b"PK nothing")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        packed.writestr("../exercises/foundations/answers.yml", "x")
        packed.writestr("holiday/picture.txt", "x")
    for name, says in (("broken.zip", "no zip file"), ("other.zip", "holds no work of this course")):
        page.get_by_label("Put a zip back").set_input_files(tmp_path / name)
        expect(said).to_contain_text(says)
        expect(said).to_contain_text("Nothing was changed")
    assert page.evaluate("indexedDB.databases()") == []
    page.context.close()
