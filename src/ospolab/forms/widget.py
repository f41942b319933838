"""The form: asks the questions of one task, checks while one types, and saves every change to answers.yml at once."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import ipywidgets

from ospolab.forms import definition, store
from ospolab.learner import progress
from ospolab.widgets import Board, Choose, Told, inline, markup, plain

NOT_YET = "choose …"
LONG_LABEL = 140  # characters
TICKS = {1: "One tick", 2: "Two ticks", 3: "Three ticks", 4: "Four ticks", 5: "Five ticks"}
LOCKED = "<strong>The form is locked.</strong>"


class _Control:
    """What one field is answered with. get() and set() take values as answers.yml has them; None is blank."""

    own_label = False  # whether the widget carries its label itself

    def __init__(self, field, changed):
        self.field, self.widget, self._changed, self._silent = field, None, changed, False

    def changed(self, *_):
        if not self._silent:
            self._changed()

    def set(self, value: Any) -> None:
        """Show `value` without telling that it changed. A value that cannot be shown shows as blank."""
        self._silent = True
        try:
            self.show(value)
        finally:
            self._silent = False

    def get(self) -> Any:
        raise NotImplementedError

    def show(self, value: Any) -> None:
        raise NotImplementedError

    def disable(self, disabled: bool) -> None:
        self.widget.disabled = disabled


class _Radio(_Control):
    def __init__(self, field, changed):
        super().__init__(field, changed)
        self.widget = Choose([(option.value, option.text) for option in field.options])
        self.widget.observe(self.changed, "value")

    def get(self):
        return self.widget.value

    def show(self, value):
        self.widget.value = value if isinstance(value, str) else None

    def disable(self, disabled):
        self.widget.disable(disabled)


class _Ticks(_Control):
    def __init__(self, field, changed):
        super().__init__(field, changed)
        self.boxes = {
            option.value: ipywidgets.Checkbox(
                description=inline(option.text), description_allow_html=True, indent=False
            )
            for option in field.options
        }
        self.widget = ipywidgets.VBox(list(self.boxes.values()))
        for box in self.boxes.values():
            box.observe(self.changed, "value")

    def get(self):
        return [value for value, box in self.boxes.items() if box.value] or None

    def show(self, value):
        for name, box in self.boxes.items():
            box.value = isinstance(value, list) and name in value

    def disable(self, disabled):
        for box in self.boxes.values():
            box.disabled = disabled


class _Pick(_Control):
    """One of several in the narrow cell of a table."""

    own_label = True

    def __init__(self, field, changed):
        super().__init__(field, changed)
        options = [(NOT_YET, ""), *((plain(option.text), option.value) for option in field.options)]
        self.widget = ipywidgets.Dropdown(
            options=options, value="", description=_label(field), description_allow_html=True
        )
        self.widget.observe(self.changed, "value")

    def get(self):
        return self.widget.value or None

    def show(self, value):
        values = [option.value for option in self.field.options]
        self.widget.value = value if isinstance(value, str) and value in values else ""


class _Entry(_Control):
    """A number or a text, as it is typed."""

    own_label = True

    def __init__(self, field, changed):
        super().__init__(field, changed)
        long = getattr(field, "long", False)
        self.widget = (ipywidgets.Textarea if long else ipywidgets.Text)(
            description=_label(field),
            description_allow_html=True,
            placeholder=getattr(field, "placeholder", None) or "",
            continuous_update=True,
        )
        self.widget.observe(self.changed, "value")

    def get(self):
        text = self.widget.value
        if self.field.kind == "number" and text.strip() and self.field.problem(text) is None:
            return self.field.check(text)
        return text if text.strip() else None

    def show(self, value):
        self.widget.value = "" if value is None or isinstance(value, (list, dict)) else str(value)


class _Rank(_Control):
    """Places 1 to n, each with the thing that stands there and buttons to move it. Blank until moved or confirmed."""

    def __init__(self, field, changed):
        super().__init__(field, changed)
        self.texts = {item.value: item.text for item in field.items}
        self.order, self.answered, self._disabled = list(self.texts), False, False
        self.names, self.up, self.down, places = [], [], [], []
        for at in range(len(self.order)):
            name = markup()
            up, down = ipywidgets.Button(description="▲ Up"), ipywidgets.Button(description="▼ Down")
            up.on_click(lambda _, at=at: self._move(at, -1))
            down.on_click(lambda _, at=at: self._move(at, 1))
            up.add_class("ospolab-up"), down.add_class("ospolab-down")
            place = ipywidgets.HBox([name, up, down])
            place.add_class("ospolab-place")
            self.names.append(name), self.up.append(up), self.down.append(down), places.append(place)
        self.confirm = ipywidgets.Button(description="This is my order")
        self.confirm.add_class("ospolab-confirm")
        self.confirm.on_click(lambda _: self._answer("Taken as your order."))
        self.told = Told("ospolab-help")
        self.widget = ipywidgets.VBox([*places, self.told, ipywidgets.HBox([self.confirm])])
        self._draw()
        self._enable()

    def get(self):
        return list(self.order) if self.answered else None

    def show(self, value):
        self.answered = self.field.problem(value) is None and not self.field.blank(value)
        self.order = list(value) if self.answered else list(self.texts)
        self._draw()

    def disable(self, disabled):
        self._disabled = disabled
        self._enable()

    def _move(self, at: int, step: int) -> None:
        to = at + step
        if not 0 <= to < len(self.order):
            return
        self.order[at], self.order[to] = self.order[to], self.order[at]
        moved = plain(self.texts[self.order[to]])
        self._answer(f"“{html.escape(moved)}” is now number {to + 1} of {len(self.order)}.")
        # The focus goes along with what was moved, so that the same key moves it on.
        along, back = (self.up, self.down) if step < 0 else (self.down, self.up)
        (back if along[to].disabled else along)[to].focus()

    def _answer(self, told: str) -> None:
        self.answered = True
        self._draw(told)
        self.changed()

    def _draw(self, told: str = "") -> None:
        for at, value in enumerate(self.order):
            self.names[at].value = (
                f'<div class="ospolab-named"><span class="ospolab-position">{at + 1}.</span>'
                f"<span>{inline(self.texts[value])}</span></div>"
            )
            self.up[at].tooltip = f"Move “{plain(self.texts[value])}” up"
            self.down[at].tooltip = f"Move “{plain(self.texts[value])}” down"
        self.confirm.layout.display = "none" if self.answered else None
        waiting = "Not answered yet: move something, or press “This is my order” if it is right as it stands."
        self.told.tell(told if self.answered else waiting)

    def _enable(self) -> None:
        last = len(self.order) - 1
        for at in range(last + 1):
            self.up[at].disabled = self._disabled or at == 0
            self.down[at].disabled = self._disabled or at == last
        self.confirm.disabled = self._disabled


class _Table(_Control):
    """A block for each row with the cells side by side, or one below the other where it is narrow."""

    def __init__(self, field, changed):
        super().__init__(field, changed)
        self.cells, rows = {}, []
        # Cells of a hand-edited file that no control can show; kept until they are answered.
        self.strange: dict[tuple[str, str], Any] = {}
        for row in field.rows:
            for column in field.columns:
                kind = _Pick if column.kind == "choice" else _Entry
                self.cells[row.value, column.id] = kind(column, self.changed)
            cells = ipywidgets.Box([self.cells[row.value, column.id].widget for column in field.columns])
            cells.add_class("ospolab-cells")
            group = ipywidgets.VBox([markup(inline(row.text), "ospolab-legend"), cells])
            for name in ("ospolab-row", "ospolab-group", f"ospolab-row-{row.value}"):
                group.add_class(name)
            rows.append(group)
        self.widget = ipywidgets.VBox(rows)

    def get(self):
        value: dict[str, Any] = {}
        for (row, column), cell in self.cells.items():
            if (answer := cell.get()) is not None:
                value.setdefault(row, {})[column] = answer
                self.strange.pop((row, column), None)
        for (row, column), raw in self.strange.items():
            value.setdefault(row, {})[column] = raw
        return value or None

    def show(self, value):
        rows = value.items() if isinstance(value, dict) else ()
        raw = {(row, column): cell for row, cells in rows if isinstance(cells, dict) for column, cell in cells.items()}
        for place, cell in self.cells.items():
            cell.set(raw.get(place))
        shown = {
            place for place, cell in self.cells.items() if cell.get() is not None or cell.field.blank(raw.get(place))
        }
        self.strange = {place: cell for place, cell in raw.items() if place not in shown}

    def disable(self, disabled):
        for cell in self.cells.values():
            cell.disable(disabled)


_CONTROLS = {"choice": _Radio, "several": _Ticks, "number": _Entry, "ranking": _Rank, "table": _Table, "text": _Entry}


class _Question(ipywidgets.VBox):
    """One field: its label, help, control, and below them what is wrong with the answer, if anything is."""

    def __init__(self, field, changed):
        self.field = field
        self.control = _CONTROLS[field.kind](field, lambda: changed(self))
        self.message, self.note = Told("ospolab-message"), markup("", "ospolab-help", "ospolab-note")
        self.spare = Told("ospolab-help")
        self.known: Any = None  # what answers.yml held when last seen
        self._needed: bool | None = None
        hint = [markup(text, "ospolab-help")] if (text := _hint(field)) else []
        if self.control.own_label:
            parts = [self.control.widget, *hint]
        else:
            parts = [markup(_label(field), "ospolab-legend"), *hint, self.control.widget]
        super().__init__([*parts, self.spare, self.note, self.message])
        for name in ("ospolab-field", "ospolab-group", f"ospolab-{field.kind}", f"ospolab-field-{field.id}"):
            self.add_class(name)
        if len(field.label) > LONG_LABEL:
            self.add_class("ospolab-long")
        self.count()

    def judge(self) -> None:
        """Say what is wrong with the answer, if anything is; in a table, in which cell."""
        value, told = self.control.get(), ""
        try:
            if not self.field.blank(value) and not self.short:
                self.field.check(value)
        except definition.Invalid as error:
            told = html.escape(f"This {error.seen}; expected {error.expected}.")
            if error.where:  # a cell of a table
                row = {row.value: row.text for row in self.field.rows}[error.path[0]]
                column = {column.id: column.label for column in self.field.columns}[error.path[1]]
                told = f"<strong>{inline(row)}, {inline(column)}</strong> {told}"
        self.message.tell(told)

    def count(self) -> None:
        """How far one has come: the number of words of a text, of answered cells of a table."""
        if self.field.kind == "table":
            cells = [cell for cell in self.control.cells.values() if not cell.field.optional]
            done = sum(cell.get() is not None for cell in cells)
            # A table may ask for nothing in particular, as where money goes; then there is no number to reach.
            self.note.value = f"{done} of {len(cells)} cells answered" if cells else ""
            return
        if self.field.kind != "text" or not (self.field.long or self.field.expected):
            self.note.layout.display = "none"
            return
        number = definition.words(self.control.widget.value)
        told = f"{number} word{'' if number == 1 else 's'}"
        if self.short:
            told += f", <strong>{self.field.min_words - number} more needed</strong>"
        self.note.value = told + (f" · expected: {self.field.expected}" if self.field.expected else "")

    def need(self, needed: bool, blank: bool) -> None:
        """Ask for what another answer makes necessary. What is not needed is hidden, unless it holds an answer."""
        if needed or not blank:
            self.layout.display = None
        elif needed != self._needed:  # never under the hands of somebody who is emptying it
            self.layout.display = "none"
        self.spare.tell("" if needed else "Not needed for this choice; what stands here is kept.")
        self._needed = needed

    @property
    def short(self) -> bool:
        """Whether this is a text on its way to its first sufficient word: nothing to reproach anybody with."""
        number = definition.words(self.control.widget.value) if self.field.kind == "text" else 0
        return 0 < number < (getattr(self.field, "min_words", None) or 0)


class Form(Board):
    """The form of one task. `questions` holds the fields by id, each with a `control` that can get() and set()."""

    def __init__(self, task: str, folder: Path | str | None = None):
        self.task, self.folder = task, Path(folder or ".").resolve()
        self.form = definition.task(task, self.folder)
        self.questions = {field.id: _Question(field, self._changed) for field in self.form.fields}
        self.banner, self.again = Told("ospolab-banner"), ipywidgets.Button(description="Read the file again")
        self.again.add_class("ospolab-again")
        self.again.on_click(lambda _: self.refresh())
        self.status = Told("ospolab-status")
        self._unsaved: dict[str, _Question] = {}
        head = [markup(f'<div class="ospolab-title">{inline(self.form.title)}</div>')]
        if self.form.help:
            head.append(markup(inline(self.form.help), "ospolab-help"))
        super().__init__([*head, self.banner, self.again, *self.questions.values(), self.status], "ospolab-form")
        self.add_class(f"ospolab-form-{task}")
        self.refresh()

    def refresh(self) -> None:
        """Read answers.yml and show what it holds; entries that could not be saved are saved now."""
        self._save()

    def _changed(self, question: _Question) -> None:
        question.count()
        question.judge()
        self._unsaved[question.field.id] = question
        if not self._save() and self.banner.value.startswith(LOCKED):
            # A locked field loses the focus; this takes the reader to the message.
            self.again.focus()

    def _save(self) -> bool:
        if not (self.folder / store.FILE).exists():
            # Removed while the form was open: what the screen shows is all there is.
            self._unsaved = {name: q for name, q in self.questions.items() if q.control.get() is not None}
        try:
            for name, question in list(self._unsaved.items()):
                question.known = store.save(self.task, name, question.control.get(), self.folder).raw.get(name)
                del self._unsaved[name]
                question.judge()
            saved = store.read(self.task, self.folder)
            progress.show(self.folder)
        except (store.AnswersError, definition.FormsError) as error:
            self._broken(error)
        except OSError as error:
            self._unwritable(error)
        else:
            self.banner.tell("")
            self._lock(False, None)
            self._show(saved)
            self._need(saved)
            self._tell(saved)
        return not self._unsaved

    def _show(self, saved: store.Saved) -> None:
        """Bring to the screen what has changed in the file, by hand or by another form, since it was last seen."""
        for name, question in self.questions.items():
            raw = saved.raw.get(name)
            if name not in self._unsaved and raw != question.known:
                question.known = raw
                question.control.set(raw)
                question.count()
                question.judge()
                if (
                    name in saved.problems and not question.message.value and not question.short
                ):  # the control cannot show such a value
                    question.message.tell(html.escape(saved.problems[name]))

    def _need(self, saved: store.Saved) -> None:
        for name, question in self.questions.items():
            if question.field.required_if:
                question.need(question.field.required(saved.values), question.field.blank(saved.raw.get(name)))

    def _tell(self, saved: store.Saved) -> None:
        required = self.form.required(saved.values)
        counts = [field.progress(saved.values.get(field.id)) for field in required]
        # A single table is counted by its cells; among other questions it is one, and what is begun of it is named.
        done, of = counts[0] if len(counts) == 1 else (sum(some == whole for some, whole in counts), len(counts))
        if done == of:
            count = f"All {of} answered" if of > 1 else "Answered" if of else "Nothing has to be answered"
        else:
            count = f"{done} of {of} answered" if of > 1 else "Not answered yet"
        if len(required) > 1:
            begun = [
                f"{some} of {whole} cells of “{html.escape(definition.short(field.label))}”"
                for field, (some, whole) in zip(required, counts, strict=True)
                if 0 < some < whole
            ]
            count = ", and ".join([count, *begun])
        if saved.problems:
            count += f", {len(saved.problems)} to mend"
        kept = f"saved to {store.FILE}" if saved.raw else f"every change is saved to {store.FILE} at once"
        self.status.tell(f"{count} · {kept}")

    def _broken(self, error: ValueError) -> None:
        mend = "Open the file, mend that line, save it, then press the button."
        self.banner.tell(f"{LOCKED} {html.escape(str(error))}<br>The file is left as it is. {mend}")
        self._lock(True, "Read the file again")
        self._kept()

    def _unwritable(self, error: OSError) -> None:
        reason = html.escape(error.strerror or str(error))
        mend = "Mend that, then press the button or just go on."
        self.banner.tell(f"<strong>Not saved.</strong> {store.FILE} could not be written: {reason}. {mend}")
        self._lock(False, "Save again")
        self._kept()

    def _kept(self) -> None:
        for question in self._unsaved.values():
            question.message.tell("Not saved yet; see the top of the form.")
        number = len(self._unsaved)
        kept = f"{number} {'entry' if number == 1 else 'entries'} not saved, still on the screen"
        self.status.tell(f"{kept if number else 'Nothing is lost'} · see the top of the form")

    def _lock(self, locked: bool, button: str | None) -> None:
        for question in self.questions.values():
            question.control.disable(locked)
        self.again.description = button or ""
        self.again.layout.display = None if button else "none"

    def _repr_mimebundle_(self, **kwargs):
        self.refresh()
        return super()._repr_mimebundle_(**kwargs)

    def summary(self) -> str:
        number = len(self.form.fields)
        return f"Form: {plain(self.form.title)} ({number} question{'s' * (number > 1)})"

    def _only_if(self, field) -> str:
        """On which choice a field is asked, for the picture."""
        if (need := field.required_if) is None:
            return ""
        chosen = next(o.text for o in self.form.field(need.field).options if o.value == need.value)
        return f" <em>(only if you chose “{inline(chosen)}”)</em>"

    def picture(self) -> str:
        questions = "".join(f"<li>{_pictured(field, self._only_if(field))}</li>" for field in self.form.fields)
        return (
            f'<div class="ospolab-form" role="group" aria-label="{html.escape(plain(self.form.title), quote=True)}">'
            f'<p class="ospolab-title"><strong>{inline(self.form.title)}</strong></p>'
            '<p class="ospolab-note">In JupyterLab, <strong>run this cell</strong>: it becomes a form that saves as '
            "you go, and your saved answers appear.</p>"
            + (f"<p>{inline(self.form.help)}</p>" if self.form.help else "")
            + f"<ol>{questions}</ol>"
            f'<p class="ospolab-note">The answers can also be typed into <code>{store.FILE}</code> beside the '
            f"notebook, below <code>{self.task}:</code>.</p></div>"
        )


def _label(field) -> str:
    unit = f" ({html.escape(field.unit)})" if field.kind == "number" and field.unit else ""
    return inline(field.label) + unit + (" <em>optional</em>" if field.optional and not field.required_if else "")


def _hint(field) -> str:
    """How to answer, in one line of HTML."""
    how = ""
    if field.kind == "choice":
        how = "Choose one."
    elif field.kind == "several":
        low, high = field.at_least, field.at_most
        if high is None:
            how = "Tick all that apply." if low == 1 else f"Tick at least {low}."
        else:
            how = f"{TICKS.get(low, f'{low} ticks')}." if low == high else f"Tick {low} to {high}."
    elif field.kind == "number" and (field.integer or field.min is not None or field.max is not None):
        how = f"Enter {html.escape(field.expected)}."
    elif field.kind == "ranking":
        how = "Put these in order, the first on top."
    return " ".join(part for part in (inline(field.help) if field.help else "", how) if part)


def _pictured(field, only_if: str) -> str:
    parts = [f"<p><strong>{_label(field)}</strong>{only_if} <code>{field.id}</code></p>"]
    if hint := _hint(field):
        parts.append(f"<p>{hint}</p>")
    if field.kind == "table":
        parts.append("<p>For each of:</p>" + _listed((row.value, inline(row.text)) for row in field.rows))
        parts.append(
            "<p>answer:</p><ul>" + "".join(f"<li>{_column(column)}</li>" for column in field.columns) + "</ul>"
        )
    elif options := getattr(field, "options", None) or getattr(field, "items", None):
        parts.append(_listed((option.value, inline(option.text)) for option in options))
    elif field.kind == "text" and field.expected:
        parts.append(f"<p>Expected: {field.expected}.</p>")
    return "".join(parts)


def _column(column) -> str:
    told = f"{_label(column)} (<code>{column.id}</code>)"
    if column.kind == "choice":
        return told + _listed((option.value, inline(option.text)) for option in column.options)
    return told + (f": {html.escape(column.expected)}" if column.expected else "")


def _listed(pairs) -> str:
    return "<ul>" + "".join(f"<li>{text} (<code>{html.escape(value)}</code>)</li>" for value, text in pairs) + "</ul>"
