"""The glossary: sound entries, the pages made of them, the links of the book, and the words the lessons use."""

import io
import re
from functools import cache
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import ValidationError
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from ospolab.authoring import glossary, pages, term_links

ROOT = pages.ROOT
ENTRIES = glossary.load()
TEXTS = sorted(
    path
    for folder in ("notebooks", "exercises/source")
    for path in (ROOT / folder).rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)

# Written in capitals, and no terms to look up. Anything else needs an entry in glossary.yml.
NO_TERMS = {
    **dict.fromkeys(["AND", "OR", "WITH", "NOT"], "operators of expressions"),
    **dict.fromkeys(["II", "III", "IV"], "numbers"),
    **dict.fromkeys(["CSV", "HTML", "JSON", "PDF", "SVG", "XML", "YAML"], "file formats, named where one is opened"),
    **dict.fromkeys(["API", "CPU", "ID", "IT", "OK", "PC", "URL", "UTC", "USB"], "everyday words of computing"),
    **dict.fromkeys(["AI", "EU", "NGO", "UK", "UN", "US", "USA", "CEO", "CTO", "CIO", "HR"], "everyday words"),
    **dict.fromkeys(["BSD", "IBM", "ISO", "MIT", "NASA", "NATS", "SAP", "SOPS", "TODO", "AWS", "XZ"], "proper names"),
    **dict.fromkeys(["CONTRIBUTING", "GOVERNANCE", "LICENSE", "LICENSES", "README", "SECURITY"], "names of files"),
}


def write(file: Path, *entries: dict) -> Path:
    file.write_text(yaml.safe_dump([{"definition": "It is so.", **entry} for entry in entries]), "utf-8")
    return file


# -------------------------------------------------------------------------------------------------------- the entries


def test_a_small_glossary_is_read_in_alphabetical_order(tmp_path):
    file = write(tmp_path / "g.yml", {"term": "VEX", "see": ["advisory"]}, {"term": "advisory", "lesson": "a/b"})
    assert [entry.term for entry in glossary.load(file, stems=["a/b"])] == ["advisory", "VEX"]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([{"term": "fork"}, {"term": "Fork"}], "fork: belongs to 2 terms"),
        ([{"term": "fork"}, {"term": "branch", "also": ["fork"]}], "fork: belongs to 2 terms"),
        ([{"term": "fork", "see": ["spoon"]}], "fork: see spoon, which is no term"),
        ([{"term": "fork", "lesson": "a/c"}], "fork: lesson a/c, which is not in the curriculum"),
        ([{"term": "fork", "meaning": "A copy."}], "Extra inputs"),
        ([{"term": "fork", "definition": "A **copy**."}], "plain text"),
        ([{"term": "fork", "definition": "A copy"}], "full stop"),
        ([{"term": "fork", "link": True}], "link"),
    ],
)
def test_a_faulty_glossary_is_refused(tmp_path, entries, says):
    with pytest.raises((ValueError, ValidationError), match=says):
        glossary.load(write(tmp_path / "g.yml", *entries), stems=["a/b"])


def test_definitions_are_short():
    assert [entry.term for entry in ENTRIES if len(entry.definition) > 330 or entry.definition.count(". ") > 2] == []


def test_definitions_that_speak_of_law_are_dated():
    of_law = [entry for entry in ENTRIES if re.search(r"applies|In force|from 11 December", entry.definition)]
    assert of_law
    assert [entry.term for entry in of_law if not re.search(r"last checked \d{4}-\d\d-\d\d", entry.definition)] == []


# ------------------------------------------------------------------------------------------------------- the pages


def small(tmp_path: Path, *entries: dict) -> list[glossary.Entry]:
    return glossary.load(write(tmp_path / "g.yml", *entries))


def test_the_page_links_a_lesson_only_where_it_exists(tmp_path):
    entries = small(tmp_path, {"term": "fork", "lesson": "advocate/strategy"})
    assert "Lesson" not in glossary.page(entries, ready=[])
    assert "../notebooks/advocate/strategy.ipynb" in glossary.page(entries, ready=["notebooks/advocate/strategy"])


def test_the_plain_glossary_needs_no_directive(tmp_path):
    text = glossary.plain(small(tmp_path, {"term": "fork", "also": ["hard fork"], "see": ["VEX"]}, {"term": "VEX"}))
    assert text.startswith("# Glossary\n")
    assert "\n## F\n\n**fork** It is so. *Also: hard fork.* *See: VEX.*\n\n## V\n" in text
    assert ":::" not in glossary.plain(ENTRIES)
    assert "{term}" not in glossary.plain(ENTRIES)
    without_code = glossary.plain(ENTRIES).replace("`", "")
    assert all(f"**{entry.term}** {entry.definition}" in without_code for entry in ENTRIES)


def test_what_jupyterlab_would_take_for_an_address_is_code_in_the_plain_glossary(tmp_path):
    definition = "One line, as in pkg:pypi/requests@2.32.0, or (pkg:npm/%40x/y@1). See https://example.org/a."
    text = glossary.plain(small(tmp_path, {"term": "purl", "definition": definition}))
    assert "as in `pkg:pypi/requests@2.32.0`, or (`pkg:npm/%40x/y@1`). See `https://example.org/a`." in text


# ------------------------------------------------------------------------------------------------------- finding terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fork it.", "fork"),
        ("two forks", "fork"),
        ("forking", None),
        ("a pitchfork", None),
        ("fork-lift", None),
        ("see fork.md or @fork", None),
        ("the fork’s cost", "fork"),
        ("SBOMs", "SBOM"),
        ("sbom", None),
        ("two dependencies", "dependency"),
        ("three patches", "patch"),
        ("a private\nfork", "private fork"),
        ("a private-fork", "private fork"),
        ("an allow list", "allow-list"),
        ("Allowlists", "allow-list"),
        ("Contributor Absence Factor", "factor"),
        ("the License Board", "licence board"),
        ("may license to firms", None),
        ("GPL-2.0-only", "GPL"),
        ("GPL-9.0", None),
        ("a window", None),
        ("in a twelve-month window", "window"),
        ("a share", None),
        ("Red Fork is a company", None),
        ("It is red. Forks are not.", "fork"),
        ("The SBOM", "SBOM"),
    ],
)
def test_how_a_term_is_recognised(text, found):
    entries = [
        glossary.Entry(definition="It is so.", **entry)
        for entry in [
            {"term": "fork"},
            {"term": "private fork"},
            {"term": "SBOM"},
            {"term": "dependency"},
            {"term": "patch"},
            {"term": "allow-list", "also": ["allowlist"]},
            {"term": "factor", "also": ["contributor absence factor"]},
            {"term": "licence"},
            {"term": "licence board"},
            {"term": "GPL", "also": ["GPL-2.0-only"]},
            {"term": "window", "link": ["twelve-month window"]},
            {"term": "share", "link": False},
        ]
    ]
    assert [entry.term for _, _, entry in term_links.Finder(entries).find(text)] == ([found] if found else [])


def test_what_is_no_synonym_is_linked_and_not_printed(tmp_path):
    entries = small(tmp_path, {"term": "fork", "also": ["hard fork"], "link": ["fork", "friendly copy"]})
    assert [entry.term for _, _, entry in term_links.Finder(entries).find("a friendly copy")] == ["fork"]
    assert "Also: hard fork." in glossary.page(entries, ready=[])
    assert "friendly copy" not in glossary.page(entries, ready=[]) + glossary.plain(entries)


def test_the_real_glossary_finds_the_longest_phrase():
    text = "An SPDX expression of a private fork, and the known exploited vulnerabilities."
    found = [(text[start:end], entry.term) for start, end, entry in term_links.Finder(ENTRIES).find(text)]
    assert found == [
        ("SPDX expression", "SPDX expression"),
        ("private fork", "private fork"),
        ("known exploited vulnerabilities", "KEV"),
    ]


# ------------------------------------------------------------------------------------------------------------ the book

PAGE = """# About the fork

A fork is a fork. Two private
forks, and `SBOM`, and [an SBOM elsewhere](glossary.md). *An advisory*. **Advisory:** none.

<details><summary>Two words used here</summary>

- **Patch:** a change, no dependency.

</details>

<details class="sector"><summary>SBOM</summary>

A patch <kbd>VEX</kbd> for a VEX.

</details>

## The SBOM

| SBOM | what |
|---|---|
| an SBOM | x |

```python
dependency
```

> One dependency, two dependencies.

<p>An advisory</p>

```{toctree}
:hidden:

glossary
book/activities
book/data/table
```
"""


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """Two pages and a glossary, built without a warning with nothing but MyST and the extension."""
    root = tmp_path_factory.mktemp("book")
    names = ("fork", "private fork", "SBOM", "patch", "VEX", "dependency", "advisory")
    file = write(root / "g.yml", *({"term": name, "definition": f'What a "{name}" is.'} for name in names))
    (root / "book/data").mkdir(parents=True)
    (root / "index.md").write_text(PAGE, "utf-8")
    for page in ("data/table", "activities"):
        (root / f"book/{page}.md").write_text("# Table\n\nA fork.\n\n| a | b |\n|---|---|\n| SBOM | 1 |\n", "utf-8")
    (root / "glossary.md").write_text(glossary.page(glossary.load(file), ready=[]), "utf-8")
    settings = {
        "extensions": ["myst_parser", "ospolab.authoring.term_links"],
        "myst_enable_extensions": ["colon_fence"],
        "myst_heading_anchors": 3,
        "ospolab_glossary": str(file),
    }

    def build() -> Path:
        said = io.StringIO()
        with docutils_namespace():
            Sphinx(root, None, root / "html", root / "tree", "html", settings, status=None, warning=said).build()
        assert said.getvalue() == ""
        return root / "html"

    build.root = root
    build.site = build()
    return build


def links(page: Path):
    return BeautifulSoup(page.read_text("utf-8"), "html.parser").select("a.term-link")


def test_the_first_use_on_a_page_is_linked(small_book):
    found = links(small_book.site / "index.html")
    assert [link.get_text() for link in found] == ["fork", "private\nforks", "patch", "VEX", "SBOM", "dependency"]
    assert [link["href"] for link in found][:2] == ["glossary.html#term-fork", "glossary.html#term-private-fork"]
    assert found[0]["title"] == 'What a "fork" is.'
    anchors = BeautifulSoup((small_book.site / "glossary.html").read_text("utf-8"), "html.parser")
    assert all(anchors.find(id=link["href"].partition("#")[2]) for link in found)


@pytest.mark.parametrize(
    "where", ["h1", "h2", "th", "pre", "summary", "kbd", "code", "a a", "details:not(.sector)", "dl.glossary dt"]
)
def test_where_no_term_is_linked(small_book, where):
    for page in ("index", "glossary"):
        soup = BeautifulSoup((small_book.site / f"{page}.html").read_text("utf-8"), "html.parser")
        assert not soup.select(f"article {where} .term-link, .body {where} .term-link")


def test_linked_text_reads_as_before(small_book):
    soup = BeautifulSoup((small_book.site / "index.html").read_text("utf-8"), "html.parser")
    assert "A fork is a fork. Two private\nforks, and SBOM, and an SBOM elsewhere." in soup.get_text()
    assert "A patch VEX for a VEX." in soup.get_text()


@pytest.mark.parametrize(("page", "up"), [("data/table", "../../"), ("activities", "../")])
def test_tables_of_values_and_of_titles_stay_untouched(small_book, page, up):
    found = links(small_book.site / f"book/{page}.html")
    assert [link.get_text() for link in found] == ["fork"]
    assert found[0]["href"].startswith(f"{up}glossary.html#")


def test_the_glossary_does_not_link_to_itself(small_book):
    assert links(small_book.site / "glossary.html") == []


def test_a_changed_definition_reaches_pages_that_did_not_change(small_book):
    file = small_book.root / "g.yml"
    file.write_text(file.read_text("utf-8").replace('What a "fork" is', "Another meaning"), "utf-8")
    assert links(small_book() / "index.html")[0]["title"] == "Another meaning."


def test_the_real_book_uses_the_extension():
    extensions = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["config"]["extensions"]
    assert "ospolab.authoring.term_links" in extensions


# ------------------------------------------------------------------------------------------- the words of the lessons

WORDS_BOX = re.compile(r"<summary>[^<]*\bwords used here</summary>(.*?)</details>", re.DOTALL)
DEFINED = re.compile(r"\*\*([^*\n]+)\*\* (?:means|stands for|is short for)\b")


@cache
def whole_glossary() -> term_links.Finder:
    """Finds every spelling and every linked phrase, the everyday words included."""
    return term_links.Finder(
        entry.model_copy(update={"also": (*entry.also, *(entry.link or ())), "link": None}) for entry in ENTRIES
    )


def unexplained(text: str) -> list[str]:
    """What is written in capitals in a text, and neither in the glossary, nor the id of a licence, nor in NO_TERMS."""
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]*>|https?://\S+|\bCVE-[\d-]+", " ", text, flags=re.DOTALL)
    for start, end, _ in reversed(list(whole_glossary().find(text))):
        text = text[:start] + " " + text[end:]
    words = re.findall(r"(?<![\w.-])[A-Z][A-Z0-9]+(?:[-.]\w+)*\b", text)
    return sorted({word for word in words if word.removesuffix("s") not in NO_TERMS and not _is_licence(word)})


def _is_licence(word: str) -> bool:
    try:
        return bool(canonicalize_license_expression(word))
    except InvalidLicenseExpression:
        return False


def not_in_the_glossary(words: list[str]) -> list[str]:
    known = whole_glossary()
    words = [word.removeprefix("To ") for word in words if word not in NO_TERMS]
    return [word for word in words if not any(end - start == len(word) for start, end, _ in known.find(word))]


def markdown(path: Path) -> str:
    return "\n\n".join(c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_abbreviation_of_a_lesson_is_in_the_glossary(path):
    assert unexplained(markdown(path)) == [], "add it to src/ospolab/glossary.yml, or to NO_TERMS with a reason"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_word_that_a_lesson_explains_is_in_the_glossary(path):
    text = markdown(path)
    boxed = [word.strip(" :") for box in WORDS_BOX.findall(text) for word in re.findall(r"\*\*([^*]+)\*\*", box)]
    assert not_in_the_glossary(boxed + DEFINED.findall(text)) == [], "add it to src/ospolab/glossary.yml"


def test_definitions_use_no_abbreviation_without_an_entry():
    assert {entry.term: found for entry in ENTRIES if (found := unexplained(entry.definition))} == {}


def test_unexplained_words_are_noticed():
    assert unexplained("The XYZ and two QRS of `ABC`, SBOMs, MIT, CC-BY-SA-4.0 and the EU. See CVE-2024-3094.") == [
        "QRS",
        "XYZ",
    ]
    assert not_in_the_glossary(["Commit", "To relicense", "Release archives", "OR", "Flux capacitor"]) == [
        "Flux capacitor"
    ]
    assert DEFINED.findall("**Flux** means flow.") == ["Flux"]
