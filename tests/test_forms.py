"""forms.yml and answers.yml: what is asked, what is a sound answer, and that no answer is ever lost."""

import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import yaml

from ospolab.forms import AnswersError, FormsError, answers, definition, missing, store

FORMS = """
curves:
  title: Read three curves
  fields:
    - {id: curve-a, kind: choice, label: Curve A, options: [{value: lag, text: Lag}, {value: flicker, text: Flicker}]}
    - {id: signals, kind: several, label: Signals, at_most: 2,
       options: [{value: x, text: X}, {value: y, text: Y}, {value: no, text: Neither}]}
    - {id: window, kind: number, label: Window, min: 3, max: 36, integer: true, unit: months}
    - {id: share, kind: number, label: Share, optional: true, max: 1}
    - {id: steps, kind: ranking, label: Steps, items: [{value: a, text: A}, {value: b, text: B}, {value: c, text: C}]}
    - id: rules
      kind: table
      label: Rules
      rows: [{value: r1, text: One}, {value: r2, text: Two}]
      columns:
        - {id: use, kind: choice, label: Use, options: [{value: yes, text: Yes}, {value: no, text: No}]}
        - {id: note, kind: text, label: Note, optional: true}
    - {id: summary, kind: text, label: Summary, long: true, min_words: 3, max_words: 6}
drill:
  title: The drill
  fields:
    - {id: name, kind: text, label: Name}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "forms.yml").write_text(FORMS, encoding="utf-8")
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "answers.yml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def lines(folder: Path) -> list[str]:
    text = (folder / "answers.yml").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


# What forms.yml may say


def form_error(tmp_path, text: str) -> str:
    (tmp_path / "forms.yml").write_text(textwrap.dedent(text), encoding="utf-8")
    with pytest.raises(FormsError) as caught:
        definition.load(tmp_path)
    return str(caught.value)


TWO = "[{value: a, text: A}, {value: b, text: B}]"


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("{id: f, kind: choice, label: L, options: [{value: a, text: A}, {value: a, text: B}]}", '"a" is there twice'),
        ("{id: f, kind: choice, label: L, options: [{value: a, text: A}, {value: b, text: A}]}", '"A" is there twice'),
        ("{id: f, kind: choice, label: L, options: [{value: a, text: A}]}", "options: List should have at least 2"),
        ("{id: f, kind: ranking, label: L, items: [{value: a, text: A}]}", "items: List should have at least 2"),
        ("{id: f, kind: number, label: L, min: 5, max: 3}", "min (5) is above max (3)"),
        ("{id: f, kind: number, label: L, minimum: 5}", "minimum: there is no such key"),
        ("{id: f, kind: number}", "label: is missing"),
        ("{id: f, kind: numbr, label: L}", 'kind is "numbr"; expected one of:'),
        ("{id: f, label: L}", "kind is missing"),
        (f"{{id: f, kind: several, label: L, at_least: 3, options: {TWO}}}", "only 2 options"),
        (f"{{id: f, kind: several, label: L, at_least: 2, at_most: 1, options: {TWO}}}", "at_most (1) is below"),
        ("{id: f, kind: text, label: L, min_words: 9, max_words: 3}", "min_words (9) is above max_words (3)"),
        (f"{{id: f, kind: table, label: L, rows: {TWO}, columns: []}}", "columns: List should have at least 1"),
        (
            f"{{id: f, kind: table, label: L, rows: {TWO}, columns: [{{id: c, kind: number, label: L, max: x}}]}}",
            'column "c", max:',
        ),
        (
            f"{{id: f, kind: table, label: L, rows: {TWO}, "
            "columns: [{id: c, kind: text, label: L, required_if: {field: a, value: b}}]}",
            "required_if is for the fields of a form",
        ),
    ],
)
def test_an_author_is_told_file_task_field_and_what_is_wrong(tmp_path, field, message):
    told = form_error(tmp_path, f"curves:\n  title: T\n  fields:\n    - {field}\n")
    assert told.startswith('forms.yml, task "curves", field "f"')
    assert message in told


def test_other_mistakes_of_an_author(tmp_path):
    assert "line 2" in form_error(tmp_path, "a: 1\na: 2\n")
    assert "expected tasks" in form_error(tmp_path, "- a\n")
    assert "title: is missing" in form_error(tmp_path, "a: {fields: [{id: f, kind: text, label: L}]}")
    twice = "[{id: f, kind: text, label: L}, {id: f, kind: text, label: M}]"
    assert 'the id "f" is there twice' in form_error(tmp_path, f"a: {{title: T, fields: {twice}}}")
    (tmp_path / "forms.yml").unlink()
    with pytest.raises(FormsError, match=r"There is no forms\.yml in"):
        definition.load(tmp_path)


DEPENDING = """
house:
  title: Whose house
  fields:
    - {id: start, kind: choice, label: Start, options: [{value: own, text: My own}, {value: yours, text: Yours}]}
    - {id: size, kind: number, label: Size, min: 1, max: 10000000, required_if: {field: start, value: own}}
    - {id: name, kind: text, label: Name, optional: true, required_if: {field: start, value: own}}
"""


@pytest.mark.parametrize(
    ("was", "instead", "message"),
    [
        ("required_if: {field: start", "required_if: {field: strat", '"strat" is no choice above it'),
        ("required_if: {field: start", "required_if: {field: name", '"name" is no choice above it'),
        (
            "value: own}}",
            "value: owned}}",
            '"owned" is no option of start; expected one of: own, yours (did you mean own',
        ),
    ],
)
def test_what_a_field_depends_on_has_to_be_there(tmp_path, was, instead, message):
    told = form_error(tmp_path, DEPENDING.replace(was, instead, 1))
    assert 'field "size", required_if: ' in told and message in told


def test_a_field_is_required_once_a_choice_calls_for_it(tmp_path):
    (tmp_path / "forms.yml").write_text(DEPENDING)
    assert missing("house", tmp_path) == ["Start"]
    store.save("house", "start", "own", tmp_path)
    assert missing("house", tmp_path) == ["Size", "Name"]
    store.save("house", "size", 12, tmp_path)
    store.save("house", "start", "yours", tmp_path)
    assert missing("house", tmp_path) == []
    assert answers("house", tmp_path) == {"start": "yours", "size": 12}
    form, saved = definition.task("house", tmp_path), store.read("house", tmp_path)
    assert [field.id for field in form.required(saved.values)] == ["start"]


def test_an_unknown_task_suggests_the_nearest(folder):
    with pytest.raises(FormsError, match=r"did you mean curves\?"):
        answers("curvs", folder)


def test_neither_definition_nor_store_load_widgets():
    code = "import sys, ospolab.forms, ospolab.forms.store; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What is a sound answer


@pytest.fixture
def field(folder):
    return definition.task("curves", folder).field


@pytest.mark.parametrize(
    ("name", "value", "typed"),
    [
        ("curve-a", "lag", "lag"),
        ("signals", ["y", "x"], ["x", "y"]),
        ("signals", ["no"], ["no"]),
        ("window", "12", 12),
        ("window", "12,0", 12),
        ("window", 36, 36),
        ("share", "0,125", 0.125),
        ("share", "−.5", -0.5),
        ("share", "1e-3", 0.001),
        ("steps", ["c", "a", "b"], ["c", "a", "b"]),
        (
            "rules",
            {"r2": {"use": "no"}, "r1": {"use": "yes", "note": " "}},
            {"r1": {"use": "yes"}, "r2": {"use": "no"}},
        ),
        ("rules", {"r1": None, "r2": {"use": "no", "note": "n"}}, {"r2": {"use": "no", "note": "n"}}),
        ("summary", " One two\nthree ", "One two\nthree"),
    ],
)
def test_sound_answers(field, name, value, typed):
    result = field(name).check(value)
    assert result == typed and type(result) is type(typed)
    assert field(name).problem(value) is None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("curve-a", "laag", "expected one of: lag, flicker (did you mean lag?)"),
        ("curve-a", ["lag"], "is a list"),
        ("signals", "x", "a list in square brackets"),
        ("signals", ["x", "z"], 'holds "z"'),
        ("signals", ["x", "x"], 'holds "x" twice'),
        ("signals", ["x", "y", "no"], "has 3 ticks; expected 1 to 2"),
        ("window", "2", "a whole number from 3 to 36 (months)"),
        ("window", "3.5", "a whole number from 3 to 36 (months)"),
        ("window", "nan", "a whole number"),
        ("window", "1e999", "a whole number"),
        ("window", True, "a whole number"),
        ("window", "12 months", "a whole number"),
        ("window", "1.000", "read in two ways"),
        ("share", "1,500", "read in two ways; expected 1500 or 1.5, without"),
        ("share", "1,250,000", "expected 1250000, without thousands separators"),
        ("share", "2", "a number of at most 1"),
        ("steps", ["a", "b"], "leaves out c"),
        ("steps", ["a", "b", "b"], 'holds "b" twice'),
        ("rules", {"r3": {"use": "no"}}, 'names the row "r3"'),
        ("rules", {"r1": {"usee": "yes"}}, "did you mean use?"),
        ("rules", {"r1": {"use": "maybe"}}, 'is "maybe" in row r1, column use; expected one of: yes, no'),
        ("rules", {"r1": "yes"}, "one entry a column: use, note"),
        ("rules", ["yes"], "one entry a row: r1, r2"),
        ("summary", "One two", "This has 2 words; expected 3 to 6 words."),
        ("summary", {"a": "b"}, "in quotes"),
    ],
)
def test_unsound_answers_say_what_was_expected(field, name, value, expected):
    assert expected in field(name).problem(value)
    with pytest.raises(ValueError, match="expected"):
        field(name).check(value)


def test_large_numbers_are_written_out(tmp_path):
    (tmp_path / "forms.yml").write_text(DEPENDING)
    assert definition.task("house", tmp_path).field("size").expected == "a number from 1 to 10,000,000"


@pytest.mark.parametrize("value", [None, "", "  ", [], {}])
def test_blank_is_not_an_error(field, value):
    for name in ("curve-a", "signals", "window", "steps", "rules", "summary"):
        assert field(name).blank(value) and field(name).problem(value) is None
    assert field("rules").blank({"r1": {}, "r2": None})


# answers.yml as people write it


def test_no_file_an_empty_one_and_one_with_comments_only_hold_no_answers(folder):
    assert answers("curves", folder) == {}
    for text in ("", "\n\n", "# nothing yet\n", "curves:\n", "curves: ~\n", "null\n", "---\n"):
        write(folder, text)
        assert answers("curves", folder) == {}
        assert missing("curves", folder) == ["Curve A", "Signals", "Window", "Steps", "Rules", "Summary"]


def test_answers_are_typed_and_missing_names_labels(folder, monkeypatch):
    write(
        folder,
        """\
        curves:
          curve-a: lag
          signals: [no, x]
          window: 12,0
          share:
          steps: null
          rules: {r1: {use: no}}
        """,
    )
    typed = {"curve-a": "lag", "signals": ["x", "no"], "window": 12, "rules": {"r1": {"use": "no"}}}
    assert answers("curves", folder) == typed
    assert missing("curves", folder) == ["Steps", "Rules: 1 of 2 rows open: Two", "Summary"]
    assert missing("drill", folder) == ["Name"]
    monkeypatch.chdir(folder)
    assert answers("curves") == typed


TABLE = """
monday:
  title: Monday
  fields:
    - id: requests
      kind: table
      label: "{label}"
      rows:
        - {{value: a, text: "**Field engineer, water utility:** “May I?”"}}
        - {{value: b, text: "“All that we have shipped holds version 4.6.3 or an older one.”"}}
        - {{value: c, text: "A **third** one"}}
        - {{value: d, text: Four}}
        - {{value: e, text: Five}}
        - {{value: f, text: Six}}
      columns:
        - {{id: role, kind: text, label: Role}}
        - {{id: note, kind: text, label: Note, optional: true}}
        - {{id: pillar, kind: text, label: Pillar}}
"""


def test_what_is_open_in_a_table_is_named_by_its_rows(tmp_path):
    label = "Six requests from inside. Where does **each one** of them belong, and why there?"
    (tmp_path / "forms.yml").write_text(TABLE.format(label=label))
    begins = "Six requests from inside. Where does each one of them …"
    assert missing("monday", tmp_path) == [begins]
    whole = {"role": "r", "pillar": "p"}
    rows = {"a": {"role": "r"}, **dict.fromkeys("bcdef", whole)}
    store.save("monday", "requests", rows, tmp_path)
    assert missing("monday", tmp_path) == [f"{begins}: 1 of 6 rows open: Field engineer, water utility"]
    store.save("monday", "requests", {"f": {"role": "r", "note": "n"}}, tmp_path)
    named = "Field engineer, water utility; “All that we have shipped holds …; A third one; Four; and 2 more"
    assert missing("monday", tmp_path) == [f"{begins}: 6 of 6 rows open: {named}"]
    form, saved = definition.task("monday", tmp_path), store.read("monday", tmp_path)
    assert form.still_open(saved.values) == missing("monday", tmp_path)
    assert form.field("requests").progress(saved.values["requests"]) == (1, 12)
    store.save("monday", "requests", {**rows, "a": whole}, tmp_path)
    assert missing("monday", tmp_path) == []
    (tmp_path / "forms.yml").write_text(TABLE.format(label="Where to?"))
    store.save("monday", "requests", rows, tmp_path)
    assert missing("monday", tmp_path) == ["Where to? 1 of 6 rows open: Field engineer, water utility"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_other_systems_line_ends_and_byte_order_mark(folder, newline, mark):
    text = "drill:\n  name: |\n    Zoë\n    and Jürgen\n"
    (folder / "answers.yml").write_bytes(mark + text.replace("\n", newline).encode())
    assert answers("drill", folder) == {"name": "Zoë\nand Jürgen"}
    store.save("curves", "window", 7, folder)
    data = (folder / "answers.yml").read_bytes()
    assert b"\r" not in data and not data.startswith(b"\xef\xbb\xbf") and "Zoë".encode() in data


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "curves:\n  window: 4\n  curve-a: laag\n",
            'answers.yml, line 3: "curve-a" (Curve A) is "laag"; expected one of: lag',
        ),
        ("curves:\n  signals:\n    - x\n    - z\n", 'answers.yml, line 4: "signals" (Signals) holds "z"; expected'),
        (
            "curves:\n  rules:\n    r1:\n      note: n\n      use: perhaps\n",
            'line 5: "rules" (Rules) is "perhaps" in row r1',
        ),
        (
            "curves:\n  rules:\n    r1:\n      note: n\n    r7:\n      use: no\n",
            'line 5: "rules" (Rules) names the row "r7"',
        ),
        ("curves:\n  rules:\n    r1:\n      not: n\n", 'line 4: "rules" (Rules) names the column "not" in row r1'),
        ("curves:\n  window: 4\n\n  window: 5\n", 'line 4: "window" is written twice (first in line 2); keep one'),
        ("curves:\n  window: 4\n window: 5\n", "line 3: this cannot be read as YAML"),
        ("curves:\n  summary: 'open\n", "this cannot be read as YAML"),
        ("curves:\n\twindow: 4\n", "line 2: this cannot be read as YAML"),
        ("curves:\n  window: *a\n", "line 2: a name with & or *"),
        ("curves:\n  window: &a 4\n", "line 2: a name with & or *"),
        ("curves:\n  window: !!python/name:os.system 4\n", "line 2"),
        ("curves:\n  window: !!int 4\n", "line 2: tag:yaml.org,2002:int is a YAML tag"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document begins here"),
        ("- curves\n", "line 1: expected the name of a task"),
        ("\njust words\n", "line 2: expected the name of a task"),
        ("curves: lag\n", 'line 1: "curves" holds no answers'),
        ("[a, b]: 1\n", "line 1: a list or mapping cannot be a name"),
        ("curves:\n  window: 4\x00\n", "line 2: a character that does not belong"),
    ],
)
def test_messages_name_the_line(folder, text, message):
    (folder / "answers.yml").write_text(text, encoding="utf-8")
    with pytest.raises(AnswersError) as caught:
        answers("curves", folder)
    assert message in str(caught.value) and str(caught.value).startswith("answers.yml, line ")


def test_one_bad_answer_does_not_hide_the_others(folder):
    write(folder, "curves:\n  curve-a: laag\n  window: 99\n  signals: [x]\n")
    with pytest.raises(AnswersError, match=r'line 2: "curve-a"[^\n]*\n[^\n]*line 3: "window"'):
        answers("curves", folder)
    saved = store.read("curves", folder)
    assert saved.values == {"signals": ["x"]} and set(saved.problems) == {"curve-a", "window"}


def test_not_utf8_and_not_readable(folder):
    (folder / "answers.yml").write_bytes(b"drill:\n  name: Zo\xeb\n")
    with pytest.raises(AnswersError, match=r"answers.yml, line 2: this is not UTF-8"):
        answers("drill", folder)
    (folder / "answers.yml").unlink()
    (folder / "answers.yml").mkdir()
    with pytest.raises(AnswersError, match="cannot be read"):
        answers("drill", folder)


def bombs():
    laughs = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    return {
        "laughs": laughs,
        "recursion": "curves: &a [*a]\n",
        "brackets": "curves: " + "[" * 200_000,
        "braces": "curves: " + "{a: " * 100_000,
        "indents": "".join(f"{' ' * i}a:\n" for i in range(1000)),
        "keys": "? " * 100_000,
        "large": "curves:\n  x: " + "y" * 2_000_000,
    }


@pytest.mark.parametrize("name", bombs())
def test_bombs_end_in_a_message_at_once(folder, name):
    (folder / "answers.yml").write_text(bombs()[name], encoding="utf-8")
    before = time.perf_counter()
    with pytest.raises(AnswersError):
        answers("curves", folder)
    assert time.perf_counter() - before < 5


# Writing


def test_a_file_as_it_is_written(folder):
    store.save("drill", "name", "Zoë: #1", folder)
    store.save("curves", "summary", "One two three.  \n\tFour: five # six", folder)
    store.save("curves", "rules", {"r1": {"use": "no", "note": "n"}}, folder)
    store.save("curves", "share", 0.5, folder)
    store.save("curves", "window", 12.0, folder)
    store.save("curves", "signals", ["no", "x"], folder)
    store.save("curves", "steps", ["c", "a", "b"], folder)
    store.save("curves", "curve-a", "lag", folder)
    text = (folder / "answers.yml").read_bytes().decode("utf-8")
    assert text == store.HEADER + textwrap.dedent("""\
        curves:
          curve-a: lag
          signals: [x, 'no']
          window: 12
          share: 0.5
          steps: [c, a, b]
          rules:
            r1:
              use: 'no'
              note: n
          summary: |-
            One two three.
                Four: five # six
        drill:
          name: 'Zoë: #1'
        """)
    assert yaml.safe_load(text)["curves"]["signals"] == ["x", "no"]
    assert [p.name for p in sorted(folder.iterdir())] == ["answers.yml", "forms.yml"]


def test_taking_answers_out_again(folder):
    store.save("curves", "window", 4, folder)
    store.save("drill", "name", "N", folder)
    store.save("curves", "window", None, folder)
    assert lines(folder) == ["drill:", "  name: N"]
    store.save("drill", "name", " ", folder)
    assert lines(folder) == []
    assert answers("curves", folder) == {}


def test_drafts_are_kept_as_they_were_made(folder):
    saved = store.save("curves", "window", "4 m", folder)
    assert saved.raw["window"] == "4 m" and "window" in saved.problems
    store.save("curves", "summary", "One", folder)
    with pytest.raises(AnswersError, match=r"line 4: .*4 m(.|\n)*has 1 word"):
        answers("curves", folder)


def test_what_the_form_does_not_know_stays_as_it_is(folder):
    write(
        folder,
        """\
        other: {task: [1, 0x10, 2024-01-01]}
        curves:
          curve-a: laag
          mine: "quoted"
          window: 1_000
          summary: >-
            folded
            text
        """,
    )
    store.save("curves", "signals", ["x"], folder)
    assert lines(folder) == [
        "other: {task: [1, 0x10, 2024-01-01]}",
        "curves:",
        "  curve-a: laag",
        "  signals: [x]",
        '  mine: "quoted"',
        "  window: 1_000",
        "  summary: >-",
        "    folded text",
    ]


def test_a_broken_file_is_never_overwritten(folder):
    path = write(folder, "curves:\n  window: [4\n")
    before = path.read_bytes()
    with pytest.raises(AnswersError):
        store.save("curves", "window", 4, folder)
    path.write_text("curves: lag\n")
    with pytest.raises(AnswersError):
        store.save("curves", "window", 4, folder)
    assert path.read_text() == "curves: lag\n"
    path.write_bytes(before)
    assert [p.name for p in sorted(folder.iterdir())] == ["answers.yml", "forms.yml"]


def test_comments_are_kept_in_a_file_of_their_own(folder):
    first = "curves:\n  window: 4  # as the board wished\n"
    write(folder, first)
    store.save("curves", "curve-a", "lag", folder)
    assert (folder / "answers.yml.bak").read_text() == first
    store.save("curves", "curve-a", "flicker", folder)
    second = (folder / "answers.yml").read_text() + "# again\n"
    write(folder, second)
    store.save("curves", "curve-a", "lag", folder)
    assert (folder / "answers.yml.bak").read_text() == first
    assert (folder / "answers.yml.bak1").read_text() == second
    assert answers("curves", folder) == {"curve-a": "lag", "window": 4}


def test_a_hash_in_a_text_and_the_header_are_no_comments(folder):
    store.save("curves", "summary", "One two # three\n# four", folder)
    store.save("drill", "name", "'#'", folder)
    store.save("drill", "name", "a#b", folder)
    assert not (folder / "answers.yml.bak").exists()


def test_a_save_that_changes_nothing_touches_nothing(folder):
    write(folder, "curves:\n    window: 4 # mine\n")
    store.save("curves", "curve-a", None, folder)
    store.save("curves", "window", 4, folder)
    changed = (folder / "answers.yml").stat().st_mtime_ns
    store.save("curves", "window", 4, folder)
    assert (folder / "answers.yml").stat().st_mtime_ns == changed


def test_any_text_comes_back(folder):
    dice = random.Random(7)
    signs = "ab \n\t:#-'\"|>&*!%@`{}[],?~\\\u00e9\u2028\x85\x07\U0001f600\ufeff"
    for _ in range(300):
        text = "".join(dice.choices(signs, k=dice.randint(1, 40)))
        store.save("drill", "name", text, folder)
        expected = "\n".join(line.rstrip() for line in text.strip().expandtabs(4).splitlines())
        assert answers("drill", folder).get("name", "") == expected
    store.save("drill", "name", "half a \ud83d sign", folder)
    assert answers("drill", folder) == {"name": "half a ? sign"}


def test_long_texts_stand_on_lines_of_their_own(folder):
    store.save("drill", "name", "word " * 40, folder)
    assert lines(folder)[1] == "  name: |-" and len(lines(folder)) == 3


def test_a_hand_edit_between_two_saves_is_kept(folder):
    store.save("curves", "window", 4, folder)
    path = folder / "answers.yml"
    path.write_text(path.read_text() + "drill:\n  name: by hand\n")
    store.save("curves", "curve-a", "lag", folder)
    assert answers("drill", folder) == {"name": "by hand"}


def test_a_hand_edit_in_the_middle_of_a_save_is_kept(folder, monkeypatch):
    path = write(folder, "curves:\n  window: 4\n")
    original = store._serialise

    def edited_meanwhile(node):
        monkeypatch.setattr(store, "_serialise", original)
        path.write_text("curves:\n  window: 5\n")
        return original(node)

    monkeypatch.setattr(store, "_serialise", edited_meanwhile)
    store.save("curves", "curve-a", "lag", folder)
    assert answers("curves", folder) == {"curve-a": "lag", "window": 5}


def test_two_kernels_do_not_lose_each_others_answers(folder):
    many = [f"    - {{id: f{i}, kind: number, label: F}}" for i in range(40)]
    (folder / "forms.yml").write_text("t:\n  title: T\n  fields:\n" + "\n".join(many) + "\n")
    code = "import sys; from ospolab.forms.store import save\n"
    code += "for i in range(int(sys.argv[1]), 40, 2): save('t', f'f{i}', i)"
    both = [subprocess.Popen([sys.executable, "-c", code, str(start)], cwd=folder) for start in (0, 1)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert answers("t", folder) == {f"f{i}": i for i in range(40)}


def test_a_lock_that_is_not_given_back_ends_in_a_message(folder, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(OSError, match="another notebook is writing"):
        store.save("drill", "name", "N", folder)
    os.close(handle)
    store.save("drill", "name", "N", folder)


def test_killed_between_draft_and_replacement(folder):
    store.save("drill", "name", "old", folder)
    code = "import os; from pathlib import Path; from ospolab.forms import store\n"
    code += "Path.replace = lambda *_: os._exit(9)\nstore.save('drill', 'name', 'new')"
    assert subprocess.run([sys.executable, "-c", code], cwd=folder, check=False).returncode == 9
    assert (folder / ".answers.yml.tmp").exists()
    assert answers("drill", folder) == {"name": "old"}
    store.save("drill", "name", "newer", folder)
    assert answers("drill", folder) == {"name": "newer"}
    assert not (folder / ".answers.yml.tmp").exists()


def test_a_full_disk_leaves_the_old_file(folder, monkeypatch):
    store.save("drill", "name", "old", folder)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        store.save("drill", "name", "new", folder)
    assert answers("drill", folder) == {"name": "old"}


def test_an_unknown_field_is_a_mistake_of_the_caller(folder):
    with pytest.raises(ValueError, match='no field "windw"'):
        store.save("curves", "windw", 4, folder)
