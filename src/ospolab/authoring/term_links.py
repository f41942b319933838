"""A Sphinx extension: on each page, the first use of each term of the glossary becomes a link to its entry.

Only running text is touched: no heading, link, code, output, caption or table head, no title in italics, no label in
bold, nothing inside HTML that may not hold a link, and not the box in which a lesson explains its words itself.
`_config.yml` registers it.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config

from ospolab.authoring import glossary

NO_RUNNING_TEXT = (
    nodes.Titular,
    nodes.reference,
    nodes.FixedTextElement,
    nodes.literal,
    nodes.emphasis,
    nodes.math,
    nodes.caption,
    nodes.legend,
    nodes.thead,
    nodes.term,
    nodes.label,
    nodes.system_message,
    addnodes.toctree,
    addnodes.index,
)
NO_RUNNING_CLASS = {"cell_input", "cell_output", "toctree-wrapper"}
NO_LINK_INSIDE = {"a", "button", "caption", "code", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "kbd", "label"}
NO_LINK_INSIDE |= {"pre", "summary", "svg", "textarea", "th"}
WORDS_BOX = re.compile(r"\bwords used here\b", re.IGNORECASE)
# Tables of these pages show raw values, the names of columns, or the titles of labs, and some of these are links.
TABLES_UNTOUCHED = ("book/data/", "book/roles/", "book/pillars/", "book/activities", "book/how-to-learn")

# A word of a sentence: not the middle of a compound, an address or a file name.
BEFORE = re.compile(r"(?<![\w\-‐‑@/#])(?<!\w[.=])\w")
AFTER = r"(?![\w\-‐‑@]|[./=]\w)"
IN_A_NAME = re.compile(r"[A-Z]\w*\s+$")  # what stands before the second word of Red Hat or Apache Foundation
GAP = r"(?:\s+|\s?[-‐‑]\s?)"


# ------------------------------------------------------------------------------------------------------------ matching


def expression(phrase: str) -> str:
    """The pattern of a phrase in running text.

    A word with a capital or a digit must be written as it is; any other may begin with a capital. The last word may be
    a regular plural, and hyphens and spaces stand for each other. Inside a longer phrase `licence` may be spelled with
    an s, as the names of licences are; alone that would be the verb.
    """
    words = re.split(r"[\s\-]+", phrase.strip("-"))
    pattern = GAP.join([_word(word) for word in words[:-1]] + [_word(words[-1], plural=True)])
    return pattern if len(words) == 1 else pattern.replace("icence", "icen[cs]e")


def _word(word: str, plural: bool = False) -> str:
    stem, ending = word, ""
    if plural and word[-1:].isalpha():
        if re.search(r"[^aeiou]y$", word):
            stem, ending = word[:-1], "(?:y|ies)"
        else:
            ending = "(?:es)?" if re.search(r"(?:[sxz]|[cs]h)$", word, re.IGNORECASE) else "s?"
    if word != word.lower() or word[:1].isdigit():
        return re.escape(stem) + ending
    first = f"[{stem[0].upper()}{stem[0]}]" if stem[0].isalpha() else re.escape(stem[0])
    return first + re.escape(stem[1:]) + ending


def _in_a_name(text: str, match: re.Match) -> bool:
    """True for a capital that belongs to a longer name and not to the beginning of a sentence."""
    return match[0][0].isupper() and bool(IN_A_NAME.search(text[: match.start()]))


class Finder:
    """Finds the terms of a glossary in a text: whole words, the longest phrase first."""

    def __init__(self, entries: Iterable[glossary.Entry]):
        """Phrases are filed under their first two letters, so that a word is compared with few of them."""
        phrases = [(phrase, entry) for entry in entries for phrase in entry.phrases]
        self._filed = defaultdict(list)
        for phrase, entry in sorted(phrases, key=lambda pair: (-len(pair[0]), pair[0])):
            pattern = re.compile(expression(phrase) + AFTER)
            self._filed[phrase[:2].casefold()].append((pattern, phrase != phrase.lower(), entry))

    def find(self, text: str) -> Iterator[tuple[int, int, glossary.Entry]]:
        """Begin, end and entry of every use, from left to right, without overlaps."""
        position = 0
        while word := BEFORE.search(text, position):
            start, position = word.start(), word.end()
            for pattern, capital_as_written, entry in self._filed.get(text[start : start + 2].casefold(), ()):
                if match := pattern.match(text, start):
                    if capital_as_written or not _in_a_name(text, match):
                        yield start, match.end(), entry
                    position = match.end()
                    break


# -------------------------------------------------------------------------------------------------------- running text


class OpenTags(HTMLParser):
    """Follows raw HTML through a page, whose tags may open in one node and close in a later one."""

    def __init__(self):
        super().__init__()
        self._open = defaultdict(int)
        self._boxes: list[bool] = []  # one for each open <details>: does it explain the words of the lesson?

    @property
    def forbid_links(self) -> bool:
        return any(self._open.values()) or any(self._boxes)

    def handle_starttag(self, tag, attrs):
        if tag == "details":
            self._boxes.append(False)
        elif tag in NO_LINK_INSIDE:
            self._open[tag] += 1

    def handle_endtag(self, tag):
        if tag == "details" and self._boxes:
            self._boxes.pop()
        elif self._open[tag] > 0:
            self._open[tag] -= 1

    def handle_data(self, data):
        if self._open["summary"] and self._boxes and WORDS_BOX.search(data):
            self._boxes[-1] = True


def running_text(node: nodes.Node, tags: OpenTags, tables: bool = True) -> Iterator[nodes.Text]:
    """The text nodes below a node, in reading order, in which a link may stand."""
    _join_lines(node)
    for child in node.children:
        if isinstance(child, nodes.Text):
            if not tags.forbid_links:
                yield child
        elif isinstance(child, nodes.raw):
            tags.feed(child.astext())
        elif not _skipped(child) and (tables or not isinstance(child, nodes.table)):
            yield from running_text(child, tags, tables)


def _join_lines(node: nodes.Element) -> None:
    """MyST makes a text node of each line; a term may run over two."""
    joined = []
    for is_text, group in groupby(node.children, key=lambda child: isinstance(child, nodes.Text)):
        children = list(group)
        joined += [nodes.Text("".join(children))] if is_text else children
    if len(joined) < len(node.children):
        node.children = []
        node.extend(joined)


def _skipped(node: nodes.Element) -> bool:
    label = isinstance(node, nodes.strong) and node.astext().endswith(":")
    return label or isinstance(node, NO_RUNNING_TEXT) or not NO_RUNNING_CLASS.isdisjoint(node.get("classes", ()))


# -------------------------------------------------------------------------------------------------------------- Sphinx


@cache
def _finder(file: str, digest: str) -> Finder:
    return Finder(glossary.load(Path(file)))


def link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each term on a page; the glossary itself stays as it is."""
    anchors = app.env.domaindata["std"]["objects"]
    finder = _finder(app.config.ospolab_glossary, app.config.ospolab_glossary_digest)
    done = set()
    for text in list(running_text(doctree, OpenTags(), tables=not docname.startswith(TABLES_UNTOUCHED))):
        pieces, position, said = [], 0, str(text)
        for start, end, entry in finder.find(said):
            page, anchor = anchors.get(("term", entry.term), (docname, ""))
            if entry.term in done or page == docname:
                continue
            done.add(entry.term)
            address = f"{app.builder.get_relative_uri(docname, page)}#{anchor}"
            link = nodes.reference("", said[start:end], internal=True, refuri=address, reftitle=entry.definition)
            link["classes"].append("term-link")
            pieces += [nodes.Text(said[position:start]), link]
            position = end
        if pieces:
            text.parent.replace(text, [piece for piece in (*pieces, nodes.Text(said[position:])) if piece.astext()])


def _note_glossary(app: Sphinx, config: Config) -> None:
    """Pages are written anew when the glossary or these rules change, and not only when their own text does."""
    texts = [Path(file).read_bytes() for file in (config.ospolab_glossary, __file__)]
    config.ospolab_glossary_digest = hashlib.sha256(b"\0".join(texts)).hexdigest()


def setup(app: Sphinx) -> dict:
    app.add_config_value("ospolab_glossary", str(glossary.FILE), "")
    app.add_config_value("ospolab_glossary_digest", "", "html")
    app.connect("config-inited", _note_glossary)
    app.connect("doctree-resolved", link_terms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
