"""What a form asks: the models of forms.yml, and for each kind of field the check of an answer.

A field knows nothing of widgets and files, so a grader without a kernel checks answers with the form's own code.
Values arrive as a form holds them or as a hand-edited file has them: numbers may be text, with a comma as decimal sign.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ospolab.forms import plainyaml

FILE = "forms.yml"
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
SHORT = 60  # characters of a label in a line that names it
ROW = 40  # characters of a row's name there
ROWS = 4  # rows named there


class FormsError(ValueError):
    """forms.yml is missing or wrong, or does not hold the task asked for. For the author of an exercise."""


class Invalid(ValueError):
    """An answer that does not fit: what was `seen` ('is "laag"') and `expected`; in a list or table its `path`, too."""

    def __init__(self, seen: str, expected: str, path: tuple = (), where: str = ""):
        super().__init__(f"This {seen}{where}; expected {expected}.")
        self.seen, self.expected, self.path, self.where = seen, expected, path, where


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Model):
    """One thing to choose or to rank. `value` is stored, `text` (inline Markdown) is read."""

    value: str = Field(min_length=1)
    text: str = Field(min_length=1)


class Need(_Model):
    """The answer that makes another field required: `value`, chosen in the earlier choice `field` of the same form."""

    field: str
    value: str


class _Field(_Model):
    id: str = Field(pattern=NAME)
    label: str = Field(min_length=1)
    help: str | None = None
    optional: bool = False
    required_if: Need | None = None  # optional unless that was chosen

    def required(self, values: Mapping[str, Any]) -> bool:
        """Whether it is to be answered in a form with these typed values."""
        if self.required_if:
            return values.get(self.required_if.field) == self.required_if.value
        return not self.optional

    def blank(self, value: Any) -> bool:
        """Whether `value` means "not answered"."""
        return value is None or value == [] or value == {} or (isinstance(value, str) and not value.strip())

    def complete(self, value: Any) -> bool:
        """Whether nothing is left to answer; says nothing about validity."""
        return not self.blank(value)

    def progress(self, value: Any) -> tuple[int, int]:
        """How much is answered, of how much: 1 for a whole answer; in a table, a required cell each."""
        return int(self.complete(value)), 1

    def still_open(self, value: Any) -> str | None:
        """What is left to answer, in one line of plain text; None if nothing is."""
        return None if self.complete(value) else short(self.label)

    def check(self, value: Any) -> Any:
        """The typed value of an answer that is not blank. Raises Invalid, whose message teaches."""
        raise NotImplementedError

    def sound(self, value: Any) -> tuple[Any, list[Invalid]]:
        """What of an answer that is not blank holds, typed, and what is wrong with the rest. None: nothing holds."""
        try:
            return self.check(value), []
        except Invalid as error:
            return None, [error]

    def problem(self, value: Any) -> str | None:
        """What is wrong with `value`, as a sentence for the learner; None if it is fine or blank."""
        if self.blank(value):
            return None
        try:
            self.check(value)
        except Invalid as error:
            return str(error)
        return None


class Choice(_Field):
    """One of several options. Stored: its value."""

    kind: Literal["choice"]
    options: list[Option] = Field(min_length=2)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        return _distinct_options(self, "options", self.options)

    def check(self, value: Any) -> str:
        return _one_of(value, [o.value for o in self.options])


class Several(_Field):
    """Any of several options, at least and at most so many. Stored: a list in the order of the options."""

    kind: Literal["several"]
    options: list[Option] = Field(min_length=2)
    at_least: int = Field(default=1, ge=1)
    at_most: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _distinct_options(self, "options", self.options)
        if self.at_least > len(self.options):
            raise ValueError(f"at_least is {self.at_least}, and there are only {len(self.options)} options")
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError(f"at_most ({self.at_most}) is below at_least ({self.at_least})")
        return self

    def check(self, value: Any) -> list[str]:
        values = [o.value for o in self.options]
        chosen = _list_of(value, values)
        most = len(values) if self.at_most is None else self.at_most
        if not self.at_least <= len(chosen) <= most:
            raise Invalid(f"has {_counted(len(chosen), 'tick')}", f"{_range(self.at_least, self.at_most)}")
        return sorted(chosen, key=values.index)


class Number(_Field):
    """A number, a whole one if `integer`. Stored: int or float."""

    kind: Literal["number"]
    min: float | None = None
    max: float | None = None
    integer: bool = False
    unit: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g})")
        return self

    @property
    def expected(self) -> str:
        """What to enter, in words: "a whole number from 3 to 36 (months)"."""
        kind = "a whole number" if self.integer else "a number"
        between = _range(self.min, self.max, "from {} to {}", "of {} or more", "of at most {}")
        return " ".join(part for part in (kind, between, f"({self.unit})" if self.unit else "") if part)

    def check(self, value: Any) -> int | float:
        seen = f"is {_shown(value)}"
        text = str(value).strip().replace("\u2212", "-")
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}([.,]\d{3}){2,}", text):
            raise Invalid(seen, f"{re.sub('[.,]', '', text)}, without thousands separators")
        if isinstance(value, (list, dict)) or not re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", text, re.I):
            raise Invalid(seen, self.expected)
        # 1,500 is one and a half to some readers and fifteen hundred to others.
        if isinstance(value, str) and re.fullmatch(
            r"[+-]?[1-9]\d{0,2}" + (r"[.,]" if self.integer else ",") + r"\d{3}", text
        ):
            whole = re.sub("[.,]", "", text)
            either = whole if self.integer else f"{whole} or {float(text.replace(',', '.')):g}"
            raise Invalid(f"{seen}, which can be read in two ways", f"{either}, without a thousands separator")
        number = float(text.replace(",", "."))
        if (
            not math.isfinite(number)
            or (self.integer and not number.is_integer())
            or (self.min is not None and number < self.min)
            or (self.max is not None and number > self.max)
        ):
            raise Invalid(seen, self.expected)
        return int(number) if self.integer else number


class Ranking(_Field):
    """Things to put in order. Stored: the list of all values, first one first."""

    kind: Literal["ranking"]
    items: list[Option] = Field(min_length=2)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        return _distinct_options(self, "items", self.items)

    def check(self, value: Any) -> list[str]:
        values = [o.value for o in self.items]
        order = _list_of(value, values)
        if absent := [v for v in values if v not in order]:
            raise Invalid(f"leaves out {', '.join(absent)}", f"all of: {', '.join(values)}, in your order")
        return order


class Text(_Field):
    """Words of one's own, so many at least and at most. Stored: the text."""

    kind: Literal["text"]
    long: bool = False
    min_words: int | None = Field(default=None, ge=1)
    max_words: int | None = Field(default=None, ge=1)
    placeholder: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.min_words and self.max_words and self.min_words > self.max_words:
            raise ValueError(f"min_words ({self.min_words}) is above max_words ({self.max_words})")
        return self

    @property
    def expected(self) -> str:
        """How long the text may be, in words: "20 to 120 words"."""
        return _range(self.min_words, self.max_words, noun=" word")

    def check(self, value: Any) -> str:
        if isinstance(value, (list, dict)):
            raise Invalid(f"is {_shown(value)}", 'text; put it in quotes, or after a "|" on lines of its own')
        text = str(value).strip()
        count = words(text)
        if count < (self.min_words or 0) or count > (self.max_words or count):
            raise Invalid(f"has {_counted(count, 'word')}", self.expected)
        return text


Column = Annotated[Choice | Number | Text, Field(discriminator="kind")]


class Table(_Field):
    """The same questions about several things. Stored: {row: {column: value}}, only the cells that are answered."""

    kind: Literal["table"]
    rows: list[Option] = Field(min_length=1)
    columns: list[Column] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _distinct_options(self, "rows", self.rows)
        if wrong := [r.value for r in self.rows if not re.match(NAME, r.value)]:
            raise ValueError(f'row value "{wrong[0]}": expected letters, digits, - and _')
        if any(c.required_if for c in self.columns):
            raise ValueError("columns: required_if is for the fields of a form")
        return _distinct(self, "columns", [c.id for c in self.columns], noun="id")

    def blank(self, value: Any) -> bool:
        return super().blank(value) or (
            isinstance(value, dict) and all(super(Table, self).blank(v) for v in value.values())
        )

    def complete(self, value: Any) -> bool:
        return not self.blank(value) and all(all(done) for done in self._done(value).values())

    def progress(self, value: Any) -> tuple[int, int]:
        done = [cell for cells in self._done(value).values() for cell in cells]
        return (sum(done), len(done)) if done else super().progress(value)

    def still_open(self, value: Any) -> str | None:
        if self.blank(value) or self.complete(value):
            return super().still_open(value)
        done = self._done(value)
        rows = [short(_name(row.text), ROW) for row in self.rows if not all(done[row.value])]
        named = "; ".join(rows[:ROWS]) + (f"; and {len(rows) - ROWS} more" if len(rows) > ROWS else "")
        label = short(self.label)
        return f"{label}{'' if label[-1] in '.?!' else ':'} {len(rows)} of {len(self.rows)} rows open: {named}"

    def _done(self, value: Any) -> dict[str, list[bool]]:
        """For each row, whether each of its required cells is answered."""
        rows = value if isinstance(value, dict) else {}
        cells = {row.value: rows[row.value] if isinstance(rows.get(row.value), dict) else {} for row in self.rows}
        required = [column for column in self.columns if not column.optional]
        return {row: [column.complete(cells[row].get(column.id)) for column in required] for row in cells}

    def check(self, value: Any) -> dict[str, dict[str, Any]]:
        typed, wrong = self.sound(value)
        if wrong:
            raise wrong[0]
        return typed

    def sound(self, value: Any) -> tuple[dict[str, dict[str, Any]] | None, list[Invalid]]:
        rows = {row.value for row in self.rows}
        columns = {column.id: column for column in self.columns}
        if not isinstance(value, dict):
            expected = f"one entry a row: {', '.join(r.value for r in self.rows)}"
            return None, [Invalid(f"is {_shown(value)}", expected)]
        typed: dict[str, dict[str, Any]] = {}
        wrong: list[Invalid] = []
        for row, cells in value.items():
            if row not in rows:
                expected = f"one of: {_listed([r.value for r in self.rows], row)}"
                wrong.append(Invalid(f'names the row "{row}"', expected, (row,)))
                continue
            if cells is not None and not isinstance(cells, dict):
                expected = f"one entry a column: {', '.join(columns)}"
                wrong.append(Invalid(f"is {_shown(cells)} in row {row}", expected, (row,)))
                continue
            for column, cell in (cells or {}).items():
                if column not in columns:
                    seen = f'names the column "{column}" in row {row}'
                    wrong.append(Invalid(seen, f"one of: {_listed(list(columns), column)}", (row, column)))
                    continue
                if columns[column].blank(cell):
                    continue
                try:
                    typed.setdefault(row, {})[column] = columns[column].check(cell)
                except Invalid as error:
                    where = f" in row {row}, column {column}"
                    wrong.append(Invalid(error.seen, error.expected, (row, column, *error.path), where))
        kept = {
            r.value: {c: typed[r.value][c] for c in columns if c in typed[r.value]}
            for r in self.rows
            if typed.get(r.value)
        }
        return kept, wrong


AnyField = Annotated[Choice | Several | Number | Ranking | Table | Text, Field(discriminator="kind")]


class Task(_Model):
    """One form: a title and its fields."""

    title: str = Field(min_length=1)
    help: str | None = None
    fields: list[AnyField] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _distinct(self, "fields", [field.id for field in self.fields], noun="id")
        for at, field in enumerate(self.fields):
            if need := field.required_if:
                choices = [f.id for f in self.fields[:at] if f.kind == "choice" and not f.required_if]
                if need.field not in choices:
                    known = _listed(choices, need.field) or "none here"
                    raise ValueError(
                        f'field "{field.id}", required_if: "{need.field}" is no choice above it that is always asked; '
                        f"expected one of: {known}"
                    )
                values = [option.value for option in self.field(need.field).options]
                if need.value not in values:
                    raise ValueError(
                        f'field "{field.id}", required_if: "{need.value}" is no option of {need.field}; '
                        f"expected one of: {_listed(values, need.value)}"
                    )
        return self

    def field(self, name: str) -> Any:
        """The field `name`, or None."""
        return next((field for field in self.fields if field.id == name), None)

    def required(self, values: Mapping[str, Any]) -> list[Any]:
        """The fields that are to be answered, given the typed `values` so far."""
        return [field for field in self.fields if field.required(values)]

    def still_open(self, values: Mapping[str, Any]) -> list[str]:
        """What is left to answer: a line of plain text for each required field that is not, or not wholly, answered."""
        lines = [field.still_open(values.get(field.id)) for field in self.required(values)]
        return [line for line in lines if line]


def load(folder: Path | str | None = None) -> dict[str, Task]:
    """All tasks of the forms.yml in `folder` (default: the current one), in its order. Raises FormsError."""
    path = Path(folder or ".") / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        where = path.parent.resolve()
        raise FormsError(f"There is no {FILE} in {where}. It belongs beside the exercise notebook.") from None
    return dict(_tasks(data))


@functools.lru_cache(maxsize=8)  # each keystroke in a form asks for its definition; tasks are frozen
def _tasks(data: bytes) -> dict[str, Task]:
    try:
        tasks = plainyaml.plain(plainyaml.compose(plainyaml.decode(data)))
    except plainyaml.YamlProblem as error:
        raise FormsError(f"{FILE}, line {error.line}: {error.message}") from None
    if not isinstance(tasks, dict):
        raise FormsError(f"{FILE}: expected tasks (`curves:`), each with title and fields")
    return {name: _task(name, raw) for name, raw in tasks.items()}


def task(name: str, folder: Path | str | None = None) -> Task:
    """The task `name` of the forms.yml in `folder`. Raises FormsError, which suggests the nearest name."""
    tasks = load(folder)
    if name not in tasks:
        raise FormsError(f'There is no task "{name}" in {FILE}; expected one of: {_listed(list(tasks), name)}.')
    return tasks[name]


def words(text: str) -> int:
    return len(text.split())


def short(text: str, width: int = SHORT) -> str:
    """Inline Markdown as plain text of at most `width` characters."""
    return shorten(text.replace("**", "").replace("`", ""), width, placeholder=" …")


def _name(text: str) -> str:
    """What a row is called: the bold words with which it begins, or else all of it."""
    bold = re.match(r"\s*\*\*(.+?)\*\*", text, re.S)
    return bold.group(1).rstrip(" :.") if bold else text


def _task(name: str, raw: Any) -> Task:
    where = f'{FILE}, task "{name}"'
    if not re.match(NAME, name):
        raise FormsError(f"{where}: a task's name is made of letters, digits, - and _")
    if not isinstance(raw, dict):
        raise FormsError(f"{where}: expected title and fields")
    try:
        return Task.model_validate(raw)
    except ValidationError as error:
        lines = [f"{where}{place(raw, problem)}" for problem in error.errors()]
        raise FormsError("\n".join(lines)) from None


def place(raw: Any, problem: Any, key: str = "id") -> str:
    """Where and what a pydantic error is, in the author's words: `, field "window": max: Input should be ...`.

    List positions are told by the entry's own `key`, `value` or number; names of the models are left out.
    """
    parts, at = [], raw
    last = len(problem["loc"]) - 1
    for number, step in enumerate(problem["loc"]):
        if isinstance(step, int) and isinstance(at, list) and step < len(at):
            noun, at = parts.pop() if parts else "", at[step]
            name = next(
                (at[k] for k in (key, "value") if isinstance(at, dict) and isinstance(at.get(k), str)), step + 1
            )
            quoted = f'"{name}"' if isinstance(name, str) else name
            parts.append(f"{noun.removesuffix('s')} {quoted}".strip())
        elif isinstance(at, dict) and (step in at or (number == last and problem["type"] == "missing")):
            parts.append(str(step))
            at = at.get(step)
    message = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden":
            message = "there is no such key; look for a typing error"
        case "missing":
            message = "is missing"
        case "union_tag_invalid":
            message = f'kind is "{problem["ctx"]["tag"]}"; expected one of: {problem["ctx"]["expected_tags"]}'
        case "union_tag_not_found":
            message = "kind is missing"
    return "".join(f", {part}" for part in parts) + f": {message}"


def _distinct_options(model: Any, what: str, options: list[Option]) -> Any:
    _distinct(model, what, [option.value for option in options])
    return _distinct(model, what, [" ".join(option.text.split()) for option in options], noun="text")


def _distinct(model: Any, what: str, names: list[str], noun: str = "value") -> Any:
    if twins := [name for i, name in enumerate(names) if name in names[:i]]:
        raise ValueError(f'{what}: the {noun} "{twins[0]}" is there twice')
    return model


def _one_of(value: Any, values: list[str], path: tuple = ()) -> str:
    if isinstance(value, (list, dict)) or str(value) not in values:
        raise Invalid(f"is {_shown(value)}", f"one of: {_listed(values, value)}", path)
    return str(value)


def _list_of(value: Any, values: list[str]) -> list[str]:
    if not isinstance(value, list):
        raise Invalid(f"is {_shown(value)}", f"a list in square brackets, of: {', '.join(values)}")
    chosen = []
    for at, item in enumerate(value):
        try:
            chosen.append(_one_of(item, values))
        except Invalid as error:
            raise Invalid(f"holds {_shown(item)}", error.expected, (at,)) from None
        if chosen[-1] in chosen[:-1]:
            raise Invalid(f'holds "{item}" twice', "each one once", (at,))
    return chosen


def _listed(values: list[str], seen: Any = None) -> str:
    near = difflib.get_close_matches(str(seen), values, n=1)
    return ", ".join(values) + (f" (did you mean {near[0]}?)" if near else "")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a group of entries"
    text = str(value)
    return f'"{text if len(text) <= 60 else text[:57] + "..."}"'


def _range(
    low: Any, high: Any, both: str = "{} to {}", least: str = "at least {}", most: str = "at most {}", noun: str = ""
) -> str:
    if low is None and high is None:
        return ""
    plural = f"{noun}{'' if (high if high is not None else low) == 1 else 's'}" if noun else ""
    shown = [None if n is None else f"{n:,.12g}" for n in (low, high)]
    if low is None or high is None:
        return (most.format(shown[1]) if low is None else least.format(shown[0])) + plural
    return (f"exactly {shown[0]}" if low == high else both.format(*shown)) + plural


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
