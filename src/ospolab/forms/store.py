"""answers.yml: the learner's answers beside the notebook, written by the forms, editable by hand, and what is graded.

Every save reads the file anew and changes one field in it, so two forms, two notebooks and an editor do not undo each
other's work. What a form does not know (other tasks, unknown fields, values that do not fit) stays as it is. A file
that cannot be read is never overwritten. Needs no kernel and no widgets.
"""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ospolab.forms import definition, plainyaml

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows, a browser: the check before each replacement must do
    flock = None

FILE = "answers.yml"
HEADER = """\
# Your answers. The forms in the notebook write this file at once, and it is what you hand in.
# You may also edit it by hand: keep the indents, and leave out what you have not answered.
"""
PATIENCE = 3.0  # seconds to wait while another kernel writes


class AnswersError(ValueError):
    """answers.yml cannot be read, or an answer in it does not fit. Names file, line and what was expected."""

    def _render_traceback_(self) -> list[str]:
        # Notebooks show the message alone: the lines of our code above it help nobody who mends a file.
        return [str(self)]


@dataclass(frozen=True)
class Saved:
    """One task as the file has it: `raw` values by field, typed `values` of what fits, messages for what does not.

    A table of which some cells do not fit is in both: its other cells among the values, they among the problems.
    """

    raw: dict[str, Any]
    values: dict[str, Any]
    problems: dict[str, str]


def answers(task: str, folder: Path | str | None = None) -> dict[str, Any]:
    """The answers to `task` so far, as typed values by field id; {} if there are none.

    folder: where forms.yml and answers.yml lie, default the current one. A table holds only its answered cells.
    Raises AnswersError for a file that cannot be read or an answer that does not fit; FormsError for an unknown task.
    """
    saved = read(task, folder)
    if saved.problems:
        raise AnswersError("\n".join(saved.problems.values()))
    return saved.values


def missing(task: str, folder: Path | str | None = None) -> list[str]:
    """The required fields of `task` that are not, or not wholly, answered yet. Raises as answers() does.

    Each is a line of plain text: its label, shortened; of a table that is begun, the rows that are open, too.
    """
    return definition.task(task, folder).still_open(answers(task, folder))


def read(task: str, folder: Path | str | None = None) -> Saved:
    """The task as the file has it. Answers that do not fit are in `problems`; a broken file raises AnswersError."""
    form = definition.task(task, folder)
    return _saved(form, _task_node(_parse(_text(_path(folder))), task))


def save(task: str, field: str, value: Any, folder: Path | str | None = None) -> Saved:
    """Write one answer, or take it out if `value` is blank; the task as the file then has it.

    `value` may be a draft that does not fit yet: an entry is kept as it was made. Raises AnswersError (file broken:
    nothing is written) and OSError (read-only folder, full disk: the old file stands).
    """
    tasks = definition.load(folder)
    form = definition.task(task, folder)
    if form.field(field) is None:
        raise ValueError(f'There is no field "{field}" in task "{task}".')
    path = _path(folder)
    with _lock(path.parent):
        while True:
            before = _text(path)
            root = _parse(before)
            node = _changed(
                root, list(tasks), task, [f.id for f in form.fields], field, _node(form.field(field), value)
            )
            after = HEADER + _serialise(node)
            if _text(path) != before:  # an editor saved just now
                continue
            if before is None or _body(after) != _body(before):
                _keep_comments(path, before)
                _replace(path, after)
            return _saved(form, _task_node(_parse(after), task))


# Reading


def _path(folder: Path | str | None) -> Path:
    return Path(folder or ".") / FILE


def _text(path: Path) -> str | None:
    try:
        return plainyaml.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except plainyaml.YamlProblem as error:
        raise _error(error.message, error.line) from None
    except OSError as error:
        raise AnswersError(f"{FILE} cannot be read: {error.strerror}.") from None


@functools.lru_cache(maxsize=4)  # each keystroke in a form parses; nodes are never changed in place
def _parse(text: str | None) -> yaml.MappingNode:
    try:
        root = plainyaml.compose(text or "")
    except plainyaml.YamlProblem as error:
        raise _error(error.message, error.line) from None
    if root is None or plainyaml.plain(root) is None:
        return yaml.MappingNode("tag:yaml.org,2002:map", [], flow_style=False)
    if not isinstance(root, yaml.MappingNode):
        raise _error("expected the name of a task with a colon, then its answers indented below", plainyaml.line(root))
    return root


def _task_node(root: yaml.MappingNode, task: str) -> yaml.MappingNode | None:
    node = plainyaml.child(root, task)
    if node is None or plainyaml.plain(node) is None:
        return None
    if not isinstance(node, yaml.MappingNode):
        raise _error(
            f'"{task}" holds no answers; expected lines like `name: answer`, indented below it', plainyaml.line(node)
        )
    return node


def _saved(form: definition.Task, node: yaml.MappingNode | None) -> Saved:
    raw, values, problems = plainyaml.plain(node) or {}, {}, {}
    for field in form.fields:
        value = raw.get(field.id)
        if field.blank(value):
            continue
        sound, wrong = field.sound(value)
        if not field.blank(sound):
            values[field.id] = sound
        if wrong:
            lines = [
                _error(
                    f'"{field.id}" ({definition.short(field.label)}) {error.seen}{error.where}; '
                    f"expected {error.expected}",
                    _line(node, (field.id, *error.path)),
                )
                for error in wrong
            ]
            problems[field.id] = "\n".join(map(str, lines))
    return Saved(raw, values, problems)


def _line(node: yaml.Node, path: tuple) -> int:
    """The line of what `path` leads to: of the name in a mapping, of the item in a list."""
    at = node
    for step in path:
        if isinstance(node, yaml.SequenceNode):
            at = node = node.value[step]
        else:
            at, node = next((name, value) for name, value in node.value if name.value == step)
    return plainyaml.line(at)


def _error(message: str, line: int | None) -> AnswersError:
    return AnswersError(f"{FILE}, line {line}: {message}" if line else f"{FILE}: {message}")


# Writing


class _Dumper(yaml.SafeDumper):
    """Lists on one line, long or many-lined text after a `|`."""


def _text_style(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text or len(text) > 80 else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list_style(dumper: yaml.SafeDumper, items: list) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)


def _number_style(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    whole = number.is_integer() and abs(number) < 1e15
    return (
        dumper.represent_int(int(number)) if whole else dumper.represent_scalar("tag:yaml.org,2002:float", repr(number))
    )


_Dumper.add_representer(float, _number_style)
_Dumper.add_representer(str, _text_style)
_Dumper.add_representer(list, _list_style)
_WIDE = {"allow_unicode": True, "width": float("inf")}


def _node(field: Any, value: Any) -> yaml.Node | None:
    if field.blank(value):
        return None
    with contextlib.suppress(definition.Invalid):
        value = field.check(value)
    if isinstance(value, str):
        # YAML cannot hold trailing blanks or tabs in a block, and nobody would see them.
        value = value.encode("utf-8", "replace").decode("utf-8").expandtabs(4)
        value = "\n".join(line.rstrip() for line in value.splitlines()).strip("\n")
    node = yaml.compose(yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, **_WIDE))
    if isinstance(node, yaml.ScalarNode) and getattr(field, "long", False):
        node.style = "|"
    return node


def _changed(
    root, tasks: list[str], task: str, fields: list[str], field: str, node: yaml.Node | None
) -> yaml.MappingNode:
    old = _task_node(root, task)
    pairs = _with(old.value if old else [], fields, field, node)
    inner = yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False) if pairs else None
    return yaml.MappingNode("tag:yaml.org,2002:map", _with(root.value, tasks, task, inner), flow_style=False)


def _with(pairs: list, order: list[str], key: str, node: yaml.Node | None) -> list:
    """`pairs` with `key` set, or taken out; a new key goes behind the last one that stands before it in `order`."""
    keys = [k.value for k, _ in pairs]
    if key in keys:
        return [(k, node if k.value == key else v) for k, v in pairs if k.value != key or node is not None]
    if node is None:
        return list(pairs)
    earlier = order[: order.index(key)]
    at = max((i + 1 for i, name in enumerate(keys) if name in earlier), default=0)
    return [*pairs[:at], (yaml.ScalarNode("tag:yaml.org,2002:str", key), node), *pairs[at:]]


def _serialise(node: yaml.MappingNode) -> str:
    return yaml.serialize(node, Dumper=yaml.SafeDumper, line_break="\n", **_WIDE) if node.value else ""


def _body(text: str) -> str:
    return text.removeprefix(HEADER)


def _keep_comments(path: Path, text: str | None) -> None:
    """Comments do not survive a rewriting: the file that holds some is kept, as answers.yml.bak."""
    if text is None or not plainyaml.has_comment(_body(text)):
        return
    backups = (path.with_name(f"{FILE}.bak{n or ''}") for n in range(1000))
    for backup in backups:
        if not backup.exists():
            backup.write_text(text, encoding="utf-8", newline="\n")
            return
        if backup.read_text(encoding="utf-8", errors="replace") == text:
            return


def _replace(path: Path, text: str) -> None:
    # Whoever is killed between the two steps leaves the old file whole; the next save takes the same name again.
    draft = path.with_name(f".{FILE}.tmp")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        with contextlib.suppress(OSError):
            draft.chmod(path.stat().st_mode)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One writer at a time. The lock is on the folder itself and ends with its process, so none can be left hanging."""
    if flock is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                flock(handle, LOCK_EX | LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise OSError(None, f"another notebook is writing {FILE}") from None
                time.sleep(0.01)
            except OSError:  # a file system without locks
                break
        yield
    finally:
        os.close(handle)
