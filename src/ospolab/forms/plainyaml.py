"""YAML as people write it by hand: mappings, lists and text, every problem with the line it is on.

Tags, anchors and aliases are refused: no file of ours needs them, and a few aliases can unfold into gigabytes.
Scalars stay text (only none at all, `~` and `null` are None): `no`, `1.10` and `2024-01-01` are what they look like.
"""

from __future__ import annotations

import yaml

LARGEST = 1_000_000  # bytes; an answer file of a whole course is far below
DEEPEST = 12
# libyaml where PyYAML was built with it: a form parses its file at each keystroke.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NULL = "tag:yaml.org,2002:null"


class YamlProblem(ValueError):
    """What is wrong in a YAML text. `line` counts from 1; None where no line can be named."""

    def __init__(self, message: str, line: int | None = None):
        super().__init__(message)
        self.message, self.line = message, line


def decode(data: bytes) -> str:
    """Text of a file's bytes, with or without a byte order mark, with \\n at the end of each line."""
    if len(data) > LARGEST:
        raise YamlProblem(f"the file has {len(data):,} bytes; expected at most {LARGEST:,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise YamlProblem("this is not UTF-8 text; save the file again as UTF-8", line) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def compose(text: str) -> yaml.Node | None:
    """The root node of `text`, checked; None for a text without content. Raises YamlProblem."""
    try:
        _refuse(text)
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.context, error.problem) if part)
        look = "look for a missing quote, bracket or colon, or an odd indent, here or just above"
        raise YamlProblem(f"this cannot be read as YAML; {look} ({what})", mark.line + 1 if mark else None) from None
    _refuse_twins(root)
    return root


def plain(node: yaml.Node | None):
    """The value of a node: str, None, list or dict."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    return None if node is None or node.tag == NULL else node.value


def child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """The value node under `key` of a mapping node, or None."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def has_comment(text: str) -> bool:
    """Whether `text`, which must be readable YAML, holds a comment anywhere."""
    rest, at = [], 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.ScalarToken):
            rest.append(text[at : token.start_mark.index])
            # A block scalar's header line (`| # why`) may carry a comment; its body may not.
            at = token.end_mark.index
            rest.append(text[token.start_mark.index : at].split("\n")[0] if token.style in ("|", ">") else "")
    return "#" in "".join(rest) + text[at:]


def _refuse(text: str) -> None:
    if strange := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text[: strange.start()].count("\n") + 1
        raise YamlProblem(f"a character that does not belong in a text file ({strange.group()!r})", line)
    depth = documents = 0
    for event in yaml.parse(text, Loader=LOADER):
        at = event.start_mark.line + 1 if event.start_mark else None
        if getattr(event, "anchor", None):
            raise YamlProblem(
                "a name with & or * in front is a YAML alias; write the value out, or put it in quotes", at
            )
        if getattr(event, "tag", None):
            raise YamlProblem(f"{event.tag} is a YAML tag; write the value without it, or put it in quotes", at)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST:
            raise YamlProblem("brackets or indents are nested too deep", at)
        if documents > 1:
            raise YamlProblem("a second document begins here; remove the line with ---", at)


def _refuse_twins(node: yaml.Node | None) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlProblem("a list or mapping cannot be a name; expected `name: value`", line(key))
            if key.value in seen:
                raise YamlProblem(
                    f'"{key.value}" is written twice (first in line {seen[key.value]}); keep one', line(key)
                )
            seen[key.value] = line(key)
            _refuse_twins(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_twins(item)
