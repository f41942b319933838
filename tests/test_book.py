"""The book as it is published: complete, consistent, self-contained, and without a solution in it.

The checks that read pages return complaints, and are shown to fail on miniatures at the end of this file.
"""

import fcntl
import gzip
import html as entities
import json
import re
import shutil
import textwrap
import zipfile
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from ospolab import course
from ospolab.authoring import book, editions, lab, pages

ROOT = pages.ROOT
SITE = book.site(ROOT)
OWN = ("book", "notebooks", "exercises")  # the folders of the site that hold our pages
PLAN = yaml.safe_load((ROOT / "src/ospolab/curriculum.yml").read_text("utf-8"))
TABLES = pages.read_tables(ROOT)
DISTINCTIVE = 25  # characters a line needs before finding it somewhere means anything


@pytest.fixture(scope="session")
def built():
    """The book, built once from the present sources, whichever worker comes first."""
    (ROOT / "_build").mkdir(exist_ok=True)
    with (ROOT / "_build/book.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not book.is_current():
            book.build()


published = pytest.mark.usefixtures("built")


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


@cache
def every_page() -> list[Path]:
    """The pages of the book; those of the lab beside it are JupyterLite's."""
    pages_ = (path for path in SITE.rglob("*.html") if path.relative_to(SITE).parts[0] != "lab")
    return sorted(path for path in pages_ if "_static" not in path.relative_to(SITE).parts)


def article(page: str) -> str:
    """The text of a page's article, with single spaces."""
    return re.sub(r"\s+", " ", soup(SITE / page).select_one("article").get_text())


def name(path: Path) -> str:
    return path.relative_to(SITE).as_posix()


# ------------------------------------------------------------------------------------------------------- completeness


@published
def test_every_entry_has_a_page_with_a_title():
    without = [entry for entry in pages.toc_files(ROOT) if not soup(SITE / f"{entry}.html").select("article h1")]
    assert without == []


@published
def test_nothing_is_published_that_the_table_of_contents_does_not_name():
    entries = set(pages.toc_files(ROOT))
    ours = {name(path).removesuffix(".html") for path in every_page() if path.relative_to(SITE).parts[0] in OWN}
    assert ours == entries
    assert book.removed_pages() == []


def test_derived_pages_are_what_the_data_say():
    assert [path.relative_to(ROOT).as_posix() for path in pages.stale()] == []


@published
def test_the_first_page_leads_to_the_landing_page():
    target = soup(SITE / "index.html").select_one('meta[http-equiv="Refresh" i]')["content"]
    assert "book/index.html" in target


@published
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_data_page(table):
    words = article(f"book/data/{table.name}.html")
    assert f'load("{table.name}")' in words
    assert table.register["sha256"] in words
    for column in table.header:
        assert column in words
    for repository, commit, date in table.sources:
        assert repository in words
        assert commit in words
        assert date in words
    if table.words["attribution"]:
        assert "Keep this notice" in words


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_words_of_a_table(table):
    assert list(table.words) == ["title", "row", "columns", "reduced", "traps", "attribution"]
    assert list(table.words["columns"]) == table.header
    texts = [table.words["title"], table.words["row"], table.words["reduced"], *table.words["columns"].values()]
    assert all(isinstance(text, str) and text.strip() for text in [*texts, *table.words["traps"]])
    assert table.words["traps"]
    asks = "CC-BY" in table.register["licence"]
    assert bool(table.words["attribution"]) == asks


def test_every_table_is_described():
    files = {path.stem for path in (ROOT / "src/ospolab/data/tables").glob("*.csv")} - {"register"}
    assert {table.name for table in TABLES} == files
    words = yaml.safe_load((ROOT / "src/ospolab/data/tables.yml").read_text("utf-8"))
    assert set(words) == files


@published
def test_the_register_leads_to_every_table():
    links = {a["href"] for a in soup(SITE / "book/data/index.html").select("article a[href]")}
    assert {f"{table.name}.html" for table in TABLES} <= links


# ------------------------------------------------------------------------------------------------------- landing page


@published
def test_landing_page_shows_every_lesson_and_marks_what_is_to_come():
    page = soup(SITE / "book/index.html")
    ready = {file.removeprefix("notebooks/") for file in pages.toc_files(ROOT) if file.startswith("notebooks/")}
    labs = {lab.select_one(".lab-title").get_text(): lab for lab in page.select(".ospolab-map .lab")}
    assert set(labs) == {lesson["title"] for lesson in PLAN["lessons"]}
    for lesson in PLAN["lessons"]:
        lab = labs[lesson["title"]]
        links = [a["href"] for a in lab.select("a")]
        if lesson["stem"] in ready:
            assert links == [f"../notebooks/{lesson['stem']}.html"]
            assert "To come" not in lab.get_text()
        else:
            assert links == []
            assert "To come" in lab.get_text()


@published
def test_landing_page_has_the_grid_of_roles_and_pillars():
    grid = soup(SITE / "book/index.html").select_one("table.ospolab-grid")
    assert len(grid.select("thead th")) == len(PLAN["pillars"]) == 4
    rows = grid.select("tbody tr")
    assert len(rows) == len(PLAN["roles"]) == 4
    assert {len(row.select("td")) for row in rows} == {4}


@published
def test_landing_page_says_how_to_start_and_under_which_licence():
    text = article("book/index.html")
    for expected in ("git clone", "make", "learn", "CC-BY-SA-4.0", "Apache-2.0"):
        assert expected in text


# -------------------------------------------------------------------------------------------------------------- links


@cache
def anchors(path: Path) -> frozenset[str]:
    page = soup(path)
    return frozenset({tag["id"] for tag in page.select("[id]")} | {tag["name"] for tag in page.select("a[name]")})


def broken_links(path: Path, page: BeautifulSoup, site: Path = SITE) -> list[str]:
    """References of a page to files and anchors of the site that are not there."""
    said, own = [], set()
    references = [tag[key] for key in ("href", "src", "action") for tag in page.select(f"[{key}]")]
    for reference in references:
        address = urlsplit(reference)
        if address.scheme or address.netloc or reference in ("", "#"):
            continue
        target = (path.parent / unquote(address.path)).resolve() if address.path else path
        if target.is_dir():
            target = target / "index.html"
        if target != path and not (target.is_relative_to(site) and target.is_file()):
            said.append(f"{reference}: no such file")
        elif address.fragment and target.suffix == ".html":
            if target != path:
                there = anchors(target)
            else:
                own = there = own or {t.get("id") or t.get("name") for t in page.select("[id],a[name]")}
            if unquote(address.fragment) not in there:
                said.append(f"{reference}: no such anchor")
    return said


@published
def test_links_inside_the_book_lead_somewhere():
    said = {name(path): broken_links(path, soup(path)) for path in every_page()}
    assert {page: complaints for page, complaints in said.items() if complaints} == {}


# ------------------------------------------------------------------------------------------------------ self-contained

LOADS = {
    "src": "script[src], img[src], iframe[src], source[src], video[src], audio[src], embed[src], input[src]",
    "srcset": "[srcset]",
    "data": "object[data]",
    "poster": "video[poster]",
    "href": "link[href], use[href], image[href]",
    "xlink:href": "use, image",
    "action": "form[action]",
}
FOREIGN = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_CSS = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
IN_SCRIPT = re.compile(
    r"""["'`](https?://[^"'`\s]+\.(?:m?js|css|json|wasm|woff2?|png|svg)[^"'`\s]*"""
    r"""|https?://[^"'`\s]*(?:cdn|unpkg|jsdelivr)[^"'`\s]*)"""
)


def foreign_resources(page: BeautifulSoup) -> list[str]:
    """What a page would load from another host. A plain link that a reader may follow is not among it."""
    said = []
    for key, selector in LOADS.items():
        said += [f"{tag.name} {key}={tag[key]}" for tag in page.select(selector) if FOREIGN.match(tag.get(key, ""))]
    styles = [tag.get_text() for tag in page.select("style")] + [tag["style"] for tag in page.select("[style]")]
    said += [f"style {address}" for style in styles for address in IN_CSS.findall(style)]
    said += [
        f"script {address}" for tag in page.select("script:not([src])") for address in IN_SCRIPT.findall(tag.get_text())
    ]
    return said


@published
def test_no_page_loads_anything_from_elsewhere():
    said = {name(path): foreign_resources(soup(path)) for path in every_page()}
    assert {page: complaints for page, complaints in said.items() if complaints} == {}


@published
def test_no_style_sheet_loads_anything_from_elsewhere():
    sheets = {name(path): IN_CSS.findall(path.read_text("utf-8", errors="replace")) for path in SITE.rglob("*.css")}
    assert sheets
    assert {sheet: found for sheet, found in sheets.items() if found} == {}


@published
def test_pages_carry_no_widget_script_and_no_thebe():
    for path in every_page():
        scripts = " ".join(tag.get("src", "") + tag.get_text() for tag in soup(path).select("script"))
        for word in ("thebe", "mathjax", "require.js", "embed-amd", "html-manager"):
            assert word not in scripts.lower(), f"{word} in {name(path)}"


@published
def test_lessons_and_exercises_lead_to_each_other():
    for lesson in (one for one in course.lessons() if one.exists):
        links = {a.get_text(): a["href"] for a in soup(SITE / f"notebooks/{lesson.stem}.html").select(".offers a")}
        here = {"Run it in the browser"} if lab.facts() else set()
        assert set(links) == {"Its exercise", "Work it in JupyterLab", "Download the notebook"} | here, lesson.stem
        file = (SITE / "notebooks" / lesson.role / links["Download the notebook"]).resolve()
        assert json.loads(file.read_text("utf-8"))["cells"], lesson.stem
        exercise = (SITE / "notebooks" / lesson.role / links["Its exercise"]).resolve()
        assert f"Lesson: {lesson.title}" in [a.get_text() for a in soup(exercise).select(".offers a")]
        for path in (SITE / f"notebooks/{lesson.stem}.html", exercise):
            for link in soup(path).select('.offers a[href*="lab/"]'):
                opened = link["href"].partition("?path=")[2]
                assert (SITE / "lab/files" / opened).is_file(), link["href"]
                assert "In the browser: some" in soup(path).select_one(".offers-before").get_text()
    assert not soup(SITE / "book/glossary.html").select(".offers")


# ------------------------------------------------------------------------------------------------------------ weight


def loaded(path: Path) -> set[Path]:
    """What a page loads at once: itself, its style sheets, scripts and pictures."""
    wanted = {"script": "src", "img": "src", "link[rel~=stylesheet], link[rel~=preload], link[rel~=icon]": "href"}
    page = soup(path)
    said = [tag[key] for selector, key in wanted.items() for tag in page.select(selector) if tag.get(key)]
    return {path, *((path.parent / unquote(urlsplit(one).path)).resolve() for one in said if ":" not in one)}


def kilobytes(path: Path) -> float:
    """What goes over the line from a server that compresses."""
    return len(gzip.compress(path.read_bytes())) / 1024


@published
def test_no_page_is_heavy():
    weights = {name(path): sum(map(kilobytes, loaded(path))) for path in every_page()}
    assert {page: round(weight) for page, weight in weights.items() if weight > 200} == {}
    lessons = {
        name(path): kilobytes(path) for path in every_page() if name(path).startswith(("notebooks", "exercises"))
    }
    assert {page: round(weight) for page, weight in lessons.items() if weight > 40} == {}


@published
def test_a_search_is_light():
    searching = [*loaded(SITE / "search.html"), SITE / "_static/search/index.js"]
    assert sum(map(kilobytes, searching)) < 200


@published
def test_nothing_is_published_for_debuggers_or_twice():
    patterns = ("*.map", "fontawesome*.js", "fa-*", "searchindex.js")
    found = [name(path) for pattern in patterns for path in SITE.rglob(pattern)]
    assert [one for one in found if one.endswith(".map") or not one.startswith("lab/")] == []


# --------------------------------------------------------------------------------------------------------- solutions


def solution_lines(notebook) -> set[str]:
    """Distinctive lines, squeezed, of solutions and hidden tests that a learner sees nowhere else in the notebook."""
    inside, outside = [], []
    for cell in notebook.cells:
        answer = cell.metadata.get("nbgrader", {})
        # A written answer has no marked region: nbgrader replaces the whole cell.
        secret = written = cell.cell_type == "markdown" and answer.get("solution") and answer.get("grade")
        for line in cell.source.splitlines():
            if re.search(r"(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS)", line):
                secret = written or "BEGIN" in line
            else:
                (inside if secret else outside).append(squeeze(line))
    seen = "".join(outside)
    return {line for line in inside if len(line) >= DISTINCTIVE and line not in seen}


def squeeze(text: str) -> str:
    """Text without white space and mark-up of code, so that highlighting and line breaks make no difference."""
    return re.sub(r"\s+", "", entities.unescape(text))


def published_text(path: Path) -> str:
    """All text of a published file, squeezed; a page without its tags, a notebook without JSON's escapes."""
    text = path.read_text("utf-8", errors="replace")
    if path.suffix == ".html":
        return squeeze(soup(path).get_text()) + squeeze(text)
    if path.suffix == ".ipynb":
        return squeeze("\n".join(strings(json.loads(text))))
    return squeeze(text)


def strings(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        # nbformat stores a text as a list of lines.
        return ["".join(value)] if all(isinstance(v, str) for v in value) else [s for v in value for s in strings(v)]
    return [s for v in value.values() for s in strings(v)] if isinstance(value, dict) else []


def exercise_sources() -> list[Path]:
    return sorted(
        path for path in (ROOT / "exercises/source").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
    )


@published
def test_no_solution_is_published():
    lessons = squeeze("\n".join(path.read_text("utf-8") for path in (ROOT / "notebooks").rglob("*.ipynb")))
    secrets = {}
    for path in exercise_sources():
        lines = {line for line in solution_lines(nbformat.read(path, 4)) if line not in lessons}
        assert lines, f"{path.name}: no distinctive line of a solution found to look for"
        secrets |= dict.fromkeys(lines, path.name)
    assert secrets, "no exercise below exercises/source: there was no solution to look for"
    readable = (".html", ".ipynb", ".md", ".txt", ".js", ".json", ".py", ".yml", ".csv")
    skipped = SITE / "_static"
    files = [p for p in SITE.rglob("*") if p.is_file() and p.suffix in readable and not p.is_relative_to(skipped)]
    found = []
    for path in files:
        text = published_text(path)
        found += [f"{name(path)}: {line}" for line in secrets if line in text]
    assert found == []


@published
def test_no_exercise_source_is_published():
    assert [name(path) for path in SITE.rglob("*") if "exercises/source" in name(path)] == []
    released = {path.name for path in (ROOT / "exercises/release").rglob("*") if path.is_file()}
    sources = {p.name for p in (ROOT / "exercises/source").rglob("*") if p.is_file()} - released
    assert [name(path) for path in SITE.rglob("*") if path.name in sources] == []


# ---------------------------------------------------------------------------------------------------------- pictures


def nameless_pictures(page: BeautifulSoup) -> list[str]:
    """Pictures that tell nothing to who does not see them, except the mark beside the course's written name."""
    said = [
        f"{str(tag)[:90]}"
        for tag in page("img")
        if not tag.get("alt", "").strip() and not tag.find_parent(class_="logo")
    ]
    for tag in page("svg"):
        hidden = tag.get("aria-hidden") == "true" or tag.find_parent(attrs={"aria-hidden": "true"})
        title = tag.find("title", recursive=False)
        named = (
            tag.get("aria-label", "").strip() or tag.get("aria-labelledby") or (title and title.get_text(strip=True))
        )
        if not hidden and not (tag.get("role") == "img" and named):
            said.append(str(tag)[:90])
    return said


@published
def test_every_picture_has_a_text_alternative():
    said = {name(path): nameless_pictures(soup(path)) for path in every_page()}
    assert {page: complaints for page, complaints in said.items() if complaints} == {}


@published
def test_marks_are_our_own_and_small():
    for mark in ("logo.svg", "favicon.svg"):
        path = SITE / "_static" / mark
        assert path.stat().st_size < 4000
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", path.read_text("utf-8"))


# ------------------------------------------------------------------------------- the checks fail where they should


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "script src"),
        ('<script src="//cdn.example/x.js"></script>', "script src"),
        ('<link rel="stylesheet" href="https://fonts.example/a.css">', "link href"),
        ('<img src="https://example.org/a.png" alt="a">', "img src"),
        ('<iframe src="https://example.org"></iframe>', "iframe src"),
        ("<style>@import 'https://example.org/a.css';</style>", "style"),
        ('<p style="background: url(https://example.org/a.png)"></p>', "style"),
        ('<script>const THEBE_JS_URL = "https://unpkg.com/thebe@0.8.2/lib/index.js"</script>', "script"),
        ('<form action="https://example.org/s"></form>', "form action"),
    ],
)
def test_foreign_resources_are_noticed(markup, complaint):
    assert any(complaint in said for said in foreign_resources(BeautifulSoup(markup, "html.parser")))


def test_plain_links_are_no_resources():
    markup = '<a href="https://example.org">a</a><script src="_static/a.js"></script><img src="a.png" alt="a">'
    assert foreign_resources(BeautifulSoup(markup, "html.parser")) == []


def test_broken_links_are_noticed(tmp_path):
    (tmp_path / "other.html").write_text('<h1 id="there">Other</h1>', "utf-8")
    good = '<p id="here"><a href="#here"></a><a href="other.html#there"></a><a href="https://example.org/x"></a>'
    bad = '<a href="#gone"></a><a href="other.html#gone"></a><a href="gone.html"></a><img src="gone.png">'
    path = tmp_path / "page.html"
    assert broken_links(path, BeautifulSoup(good, "html.parser"), tmp_path) == []
    assert len(broken_links(path, BeautifulSoup(bad, "html.parser"), tmp_path)) == 4


@pytest.mark.parametrize(
    "markup", ['<img src="a.png">', '<img src="a.png" alt=" ">', "<svg></svg>", '<svg role="img"></svg>']
)
def test_nameless_pictures_are_noticed(markup):
    assert len(nameless_pictures(BeautifulSoup(markup, "html.parser"))) == 1


@pytest.mark.parametrize(
    "markup", ['<img src="a" alt="a">', '<svg role="img" aria-label="a"></svg>', '<svg aria-hidden="true"></svg>']
)
def test_named_pictures_pass(markup):
    assert nameless_pictures(BeautifulSoup(markup, "html.parser")) == []


def test_solution_lines_are_found_however_a_page_writes_them(tmp_path):
    code = """\
        def factor(commits):
            ### BEGIN SOLUTION
            ordered = sorted(commits, reverse=True)
            return next(n for n, s in enumerate(ordered) if s < "x")
            ### END SOLUTION
    """
    cell = nbformat.v4.new_code_cell(textwrap.dedent(code))
    lines = solution_lines(nbformat.v4.new_notebook(cells=[cell]))
    assert lines == {"ordered=sorted(commits,reverse=True)", 'returnnext(nforn,sinenumerate(ordered)ifs<"x")'}
    page = tmp_path / "page.html"
    page.write_text(
        "<span>ordered</span> <b>=</b> <i>sorted</i>(commits, <u>reverse</u>=True) s &lt; &quot;x&quot;", "utf-8"
    )
    stored = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), stored)
    assert sum(line in published_text(page) for line in lines) == 1
    assert sum(line in published_text(stored) for line in lines) == 2


# ------------------------------------------------------------------------------------------------------------ building


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """A book of three pages with the settings of the real one."""
    monkeypatch.setattr(pages, "stale", lambda root: [])
    (tmp_path / "_config.yml").write_text((ROOT / "_config.yml").read_text("utf-8"), "utf-8")
    (tmp_path / "requirements.txt").touch()
    for folder in ("_static", "_templates"):
        shutil.copytree(ROOT / "book" / folder, tmp_path / "book" / folder)
    for page in ("index", "one", "two"):
        (tmp_path / f"book/{page}.md").write_text(f"# Page {page}\n\nText.\n", "utf-8")
    write_toc(tmp_path, "one", "two")
    return tmp_path


def write_toc(root: Path, *chapters: str) -> None:
    toc = {"format": "jb-book", "root": "book/index", "chapters": [{"file": f"book/{chapter}"} for chapter in chapters]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), "utf-8")


def test_building(small_book, capsys):
    # One sequence, because each build takes seconds: good; another look; then a page removed and one that warns, twice.
    book.build(root=small_book)
    assert re.search(r"index\.html \(3 pages, \d+\.\d s\)", capsys.readouterr().out)
    assert book.is_current(small_book)
    book.build(root=small_book)
    assert "nothing has changed" in capsys.readouterr().out

    with (small_book / "book/_static/ospolab.css").open("a") as css:
        css.write("article { color: rebeccapurple; }\n")
    book.build(root=small_book)
    assert "rebeccapurple" in (book.site(small_book) / "_static/book.css").read_text("utf-8")

    write_toc(small_book, "one")
    (small_book / "book/one.md").write_text("# Page one\n\n[gone](gone.md)\n", "utf-8")
    assert not book.is_current(small_book)
    for _ in range(2):
        with pytest.raises(book.BookError, match=r"one\.md.*gone"):
            book.build(root=small_book)
        assert not book.is_current(small_book)
    assert not list(book.site(small_book).rglob("two.*"))


def test_the_book_to_take_along(small_book):
    packed = editions.offline(small_book)
    first = packed.read_bytes()
    with zipfile.ZipFile(packed) as inside:
        names = inside.namelist()
    needed = ("index.html", "search.html", "book/two.html", "_static/book.css", "_static/search/index.js")
    assert {f"ospo-lab-book/{name}" for name in needed} <= set(names)
    assert editions.offline(small_book).read_bytes() == first

    page = editions.one_page(small_book)
    whole = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    heads = [head.get_text().strip("#") for head in whole.select("article :is(h1, h2)")]
    assert heads == ["Page index", "Page one", "Page two"]
    assert all(path.is_file() for path in loaded(page))


def test_a_proposed_change_is_built_without_the_right_to_publish():
    workflow = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    build, publish = workflow["jobs"]["build"], workflow["jobs"]["publish"]
    assert "permissions" not in build and publish["if"] == "github.event_name != 'pull_request'"
    commands = " ".join(step.get("run", "") for step in build["steps"])
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[1].split()
    assert {word for line in re.findall(r"make ([a-z ]+)", commands) for word in line.split()} <= set(targets)


def test_printing_without_a_browser_says_what_to_install(small_book, monkeypatch):
    monkeypatch.setattr(editions, "BROWSERS", ("no-such-browser",))
    with pytest.raises(book.BookError, match="apt-get install chromium"):
        editions.pdf(small_book)


def test_a_page_without_a_source_is_an_error(small_book):
    write_toc(small_book, "one", "three")
    with pytest.raises(book.BookError, match=r"(?s)not there.*book/three"):
        book.build(root=small_book)


def test_a_derived_page_out_of_date_is_an_error(small_book, monkeypatch):
    monkeypatch.setattr(pages, "stale", lambda root: [root / "book/_grid.html"])
    with pytest.raises(book.BookError, match=r"(?s)out of date.*_grid\.html.*ospolab\.authoring\.pages"):
        book.build(root=small_book)
