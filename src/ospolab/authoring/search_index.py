"""A Sphinx extension: what the book's search needs, in place of Sphinx's own index, and a description for others'.

`_static/search/index.js` holds for each page its title, headings and distinct words, those it uses often apart;
that is what is loaded to search.
`_static/search/pages/<n>.js` holds the text of one page by sections, for the excerpt of a result, and is loaded only
for the pages found. Both are scripts and not JSON, so that a book on a disk can be searched too: a browser does not
fetch files there. The searching itself is MiniSearch (`book/_static/search/`), which forgives typing errors.
"""

import hashlib
import html
import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from ospolab import course

TEXT = (nodes.paragraph, nodes.raw)
TAG = re.compile(r"<(style|script|svg)\b.*?</\1>|<[^>]*>", re.DOTALL)
# An SPDX id, a file name and a package's name are one word; so is what stands between their dots and hyphens.
WORD = re.compile(r"\w(?:[\w.+-]*\w)?")
SHORTEST = 2
DESCRIPTION = 160  # characters of a description that search engines show
OFTEN = 5  # times after which a page is about a word
COMMON = frozenset(
    WORD.findall(
        """a about all also an and any are as at be been but by can do does each for from has have how if in into is it
        its may more most no not of on one only or other our out so than that the their them then there these they this
        to under up was we what when where which who why will with would you your"""
    )
)


def words(text: str) -> Counter[str]:
    """The words of a text in lower case and how often each occurs, without the commonest and without plain numbers."""
    found = Counter()
    for word in WORD.findall(text.casefold()):
        found.update({word, *re.split(r"[.+-]", word)})
    kept = (
        word for word in found if len(word) >= SHORTEST and word not in COMMON and not re.fullmatch(r"[\d.,+-]+", word)
    )
    return Counter({word: found[word] for word in kept})


def sections(doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """Anchor, heading and text of every section, in reading order. Code and its outputs are left out.

    An entry of a glossary is a section, too.
    """
    for node in doctree.findall(lambda node: isinstance(node, (nodes.section, nodes.definition_list_item))):
        if isinstance(node, nodes.definition_list_item):
            term = node.next_node(nodes.term)
            if term["ids"]:
                yield term["ids"][0], term.astext(), _text([node.next_node(nodes.definition)])
        else:
            own = [child for child in node.children if not isinstance(child, (nodes.section, addnodes.glossary))]
            yield node["ids"][0], node.next_node(nodes.title).astext(), _text(own)


def _text(parts: list[nodes.Node]) -> str:
    found = [node for part in parts for node in part.findall(lambda node: isinstance(node, TEXT))]
    return re.sub(r"\s+", " ", " ".join(TAG.sub(" ", node.astext()) for node in found)).strip()


def write(app: Sphinx, failure: Exception | None) -> None:
    """Write both when pages were written."""
    if failure or app.builder.format != "html" or not getattr(app, "ospolab_pages_written", False):
        return
    folder = Path(app.outdir) / "_static/search"
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    index, digest = [], hashlib.sha256()
    lessons = {lesson.stem: lesson for lesson in course.lessons()}
    for number, name in enumerate(sorted(app.env.found_docs)):
        parts = list(sections(app.env.get_doctree(name)))
        title = parts[0][1] if parts else name
        if name.startswith("exercises/") and not title.startswith("Exercise"):
            title = f"Exercise: {title}"
        lesson = lessons.get(name.removeprefix("notebooks/"))
        about = [lesson.paper] if lesson and lesson.paper else []  # what a lesson ends in is what it is looked for
        found = words(" ".join(f"{heading} {text}" for _, heading, text in parts))
        often = {word for word, times in found.items() if times >= OFTEN}
        index.append(
            {
                "id": number,
                "page": f"{name}.html",
                "title": title,
                "headings": " · ".join([*about, *(heading for _, heading, _ in parts[1:])]),
                "often": " ".join(sorted(often)),
                "seldom": " ".join(sorted(found.keys() - often)),
            }
        )
        digest.update(_script(folder / f"pages/{number}.js", f"ospolabSearch.page({number},", parts))
    digest.update(_script(folder / "index.js", "ospolabSearch.index(", index))
    page = Path(app.outdir) / "search.html"
    version = f'data-version="{digest.hexdigest()[:8]}"'
    page.write_text(re.sub(r'data-version="\w*"', version, page.read_text("utf-8")), "utf-8")


def describe(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Describe a page by its first paragraph, for search engines, unless it does so itself."""
    app.ospolab_pages_written = True
    if doctree is None or 'name="description"' in context["metatags"]:
        return
    first = next((node.astext() for node in doctree.findall(nodes.paragraph)), "")
    short = textwrap.shorten(first, DESCRIPTION, placeholder=" …")
    context["metatags"] += f'<meta name="description" content="{html.escape(short)}"/>'


def _no_other(app: Sphinx) -> None:
    """Sphinx makes no index of its own, nor the page for it: `_config.yml` names ours among the additional pages."""
    app.builder.search = False


def _script(path: Path, call: str, value: object) -> bytes:
    content = f"{call}{json.dumps(value, ensure_ascii=False, separators=(',', ':'))});\n".encode()
    path.write_bytes(content)
    return content


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", _no_other)
    app.connect("html-page-context", describe)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
