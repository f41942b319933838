"""The form, driven as a learner drives it: what is on the screen and what is in the file."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from ospolab.forms import FormsError, answers, form, missing, store

FORMS = """
curves:
  title: Read *three* curves
  help: See the figure.
  fields:
    - id: curve-a
      kind: choice
      label: Curve **A**
      help: The dashed one.
      options: [{value: lag, text: A `lag`}, {value: flicker, text: "<b>Flicker</b> & more"}]
    - {id: signals, kind: several, label: Signals, at_most: 2,
       options: [{value: x, text: X}, {value: y, text: Y}, {value: z, text: Z}]}
    - {id: window, kind: number, label: Window, min: 3, max: 36, integer: true, unit: months}
    - {id: steps, kind: ranking, label: Steps, items: [{value: a, text: A}, {value: b, text: B}, {value: c, text: C}]}
    - id: rules
      kind: table
      label: Rules
      rows: [{value: r1, text: Factor of **one**}, {value: r2, text: Two}]
      columns:
        - {id: use, kind: choice, label: Use it?, options: [{value: yes, text: Yes}, {value: no, text: No}]}
        - {id: after, kind: number, label: After, min: 1}
        - {id: note, kind: text, label: Note, optional: true}
    - {id: summary, kind: text, label: Summary, long: true, min_words: 3, max_words: 6}
    - {id: name, kind: text, label: Name, optional: true}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "forms.yml").write_text(FORMS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def control(shown, name):
    return shown.questions[name].control


def cell(shown, row, column):
    return control(shown, "rules").cells[row, column].widget


def fill(shown):
    control(shown, "curve-a").widget.radio.index = 0
    control(shown, "signals").boxes["y"].value = True
    control(shown, "window").widget.value = "12,0"
    control(shown, "steps").down[0].click()
    for row in ("r1", "r2"):
        cell(shown, row, "use").value = "no"
        cell(shown, row, "after").value = "2,5"
    control(shown, "summary").widget.value = "One two three"


FILLED = {
    "curve-a": "lag",
    "signals": ["y"],
    "window": 12,
    "steps": ["b", "a", "c"],
    "rules": {"r1": {"use": "no", "after": 2.5}, "r2": {"use": "no", "after": 2.5}},
    "summary": "One two three",
}


def test_every_change_is_in_the_file_at_once(folder):
    shown = form("curves")
    assert shown.status.value == "0 of 6 answered · every change is saved to answers.yml at once"
    control(shown, "curve-a").widget.radio.index = 1
    assert answers("curves") == {"curve-a": "flicker"}
    assert shown.status.value == "1 of 6 answered · saved to answers.yml"
    fill(shown)
    assert answers("curves") == FILLED and missing("curves") == []
    assert shown.status.value == "All 6 answered · saved to answers.yml"
    control(shown, "signals").boxes["y"].value = False
    control(shown, "window").widget.value = ""
    assert missing("curves") == ["Signals", "Window"]


def test_a_new_form_shows_what_was_answered(folder):
    fill(form("curves"))
    before = Path("answers.yml").stat().st_mtime_ns
    again = form("curves")
    assert {name: q.control.get() for name, q in again.questions.items() if q.control.get() is not None} == FILLED
    assert again.status.value == "All 6 answered · saved to answers.yml"
    assert not any(question.message.value for question in again.questions.values())
    assert Path("answers.yml").stat().st_mtime_ns == before


def test_a_killed_kernel_loses_nothing(folder):
    code = "import os; from ospolab.forms import form\nf = form('curves')\n"
    code += "f.questions['summary'].control.widget.value = 'One two'\nos._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert control(form("curves"), "summary").widget.value == "One two"


def test_what_is_wrong_is_said_beneath_the_field_and_kept(folder):
    shown = form("curves")
    control(shown, "window").widget.value = "40"
    message = shown.questions["window"].message
    assert "This is &quot;40&quot;; expected a whole number from 3 to 36 (months)." in message.value
    assert "ospolab-empty" not in message._dom_classes
    assert shown.status.value == "0 of 6 answered, 1 to mend · saved to answers.yml"
    again = form("curves")
    assert control(again, "window").widget.value == "40" and again.questions["window"].message.value == message.value
    control(shown, "window").widget.value = "4"
    assert message.value == "" and "ospolab-empty" in message._dom_classes
    cell(shown, "r1", "after").value = "0"
    told = shown.questions["rules"].message.value
    assert told.startswith("<strong>Factor of <strong>one</strong>, After</strong> This is &quot;0&quot;; expected")


def test_words_are_counted_while_one_types(folder):
    shown = form("curves")
    control(shown, "summary").widget.value = "One"
    note, message = shown.questions["summary"].note, shown.questions["summary"].message
    assert note.value == "1 word, <strong>2 more needed</strong> · expected: 3 to 6 words"
    assert message.value == "" and shown.status.value == "0 of 6 answered, 1 to mend · saved to answers.yml"
    control(shown, "summary").widget.value = "One two three"
    assert note.value == "3 words · expected: 3 to 6 words"
    control(shown, "summary").widget.value = "One two three four five six seven"
    assert "This has 7 words; expected 3 to 6 words." in message.value


def test_cells_of_a_table_are_counted(folder):
    shown = form("curves")
    cell(shown, "r1", "use").value = "yes"
    cell(shown, "r1", "note").value = "optional"
    assert shown.questions["rules"].note.value == "1 of 4 cells answered"
    assert missing("curves")[-2:] == ["Rules: 2 of 2 rows open: Factor of one; Two", "Summary"]
    assert shown.status.value == "0 of 6 answered, and 1 of 4 cells of “Rules” · saved to answers.yml"


def test_a_form_that_is_one_table_counts_its_cells(folder):
    fields = FORMS[FORMS.index("    - id: rules") : FORMS.index("    - {id: summary")]
    (folder / "forms.yml").write_text(f"only:\n  title: One table\n  fields:\n{fields}")
    shown = form("only")
    assert shown.status.value.startswith("0 of 4 answered · ")
    for row in ("r1", "r2"):
        cell(shown, row, "use").value = "yes"
    cell(shown, "r1", "after").value = "2"
    assert shown.status.value == "3 of 4 answered · saved to answers.yml"
    cell(shown, "r2", "after").value = "2"
    assert shown.status.value == "All 4 answered · saved to answers.yml"


def test_a_form_of_one_question_is_answered_or_not(folder):
    (folder / "forms.yml").write_text("one: {title: One, fields: [{id: a, kind: text, label: A}]}")
    shown = form("one")
    assert shown.status.value == "Not answered yet · every change is saved to answers.yml at once"
    control(shown, "a").widget.value = "Yes"
    assert shown.status.value == "Answered · saved to answers.yml"


DEPENDING = """
house:
  title: Whose house
  fields:
    - {id: start, kind: choice, label: Start, options: [{value: own, text: My *own*}, {value: yours, text: Yours}]}
    - {id: size, kind: number, label: Size, min: 1, max: 10000000, optional: true,
       required_if: {field: start, value: own}}
    - {id: three, kind: several, label: Tick the three., at_least: 3, at_most: 3,
       options: [{value: a, text: A}, {value: b, text: B}, {value: c, text: C}]}
"""


def test_a_question_appears_when_an_answer_calls_for_it_and_hides_nothing_answered(folder):
    (folder / "forms.yml").write_text(DEPENDING)
    shown = form("house")
    start, size = control(shown, "start").widget, shown.questions["size"]
    assert size.layout.display == "none" and shown.status.value.startswith("0 of 2 answered")
    start.value = "own"
    assert size.layout.display is None and shown.status.value.startswith("1 of 3 answered")
    start.value = "yours"
    assert size.layout.display == "none" and shown.status.value.startswith("1 of 2 answered")
    start.value = "own"
    size.control.widget.value = "12"
    assert size.spare.value == "" and shown.status.value.startswith("2 of 3 answered")
    start.value = "yours"
    assert answers("house") == {"start": "yours", "size": 12} and shown.status.value.startswith("1 of 2 answered")
    for again in (shown, form("house")):
        assert again.questions["size"].layout.display is None
        assert again.questions["size"].spare.value == "Not needed for this choice; what stands here is kept."
    size.control.widget.value = ""  # it does not vanish under one's hands, only from the next form
    assert size.layout.display is None and form("house").questions["size"].layout.display == "none"


def test_the_picture_says_on_which_choice_a_question_is_asked(folder):
    (folder / "forms.yml").write_text(DEPENDING)
    html = form("house").picture()
    assert "<strong>Size</strong> <em>(only if you chose “My <em>own</em>”)</em> <code>size</code>" in html
    assert "optional" not in html
    assert "Enter a number from 1 to 10,000,000." in html and "<p>Three ticks.</p>" in html


def test_a_ranking_is_unanswered_until_moved_or_confirmed(folder):
    shown = form("curves")
    ranking = control(shown, "steps")
    assert ranking.get() is None and "Not answered yet" in ranking.told.value
    assert ranking.up[0].disabled and ranking.down[2].disabled and not ranking.up[1].disabled
    ranking.confirm.click()
    assert answers("curves") == {"steps": ["a", "b", "c"]} and ranking.confirm.layout.display == "none"
    ranking.up[2].click()
    assert answers("curves") == {"steps": ["a", "c", "b"]}
    assert ranking.told.value == "“C” is now number 2 of 3."
    assert ranking.up[1].tooltip == "Move “C” up"


def test_the_focus_goes_along_with_what_is_moved(folder, monkeypatch):
    ranking, focused = control(form("curves"), "steps"), []
    for name in ("up", "down"):
        for at, button in enumerate(getattr(ranking, name)):
            monkeypatch.setattr(type(button), "focus", lambda self: focused.append(self))
            button.place = (name, at)
    ranking.down[0].click()
    ranking.down[1].click()
    assert [button.place for button in focused] == [("down", 1), ("up", 2)]


def test_a_hand_edit_appears_and_other_entries_stay(folder):
    shown = form("curves")
    control(shown, "window").widget.value = "12"
    path = Path("answers.yml")
    path.write_text(path.read_text() + "  curve-a: lag\n  name: by hand\n")
    control(shown, "summary").widget.value = "One two three"
    assert control(shown, "name").widget.value == "by hand" and control(shown, "curve-a").get() == "lag"
    assert answers("curves")["window"] == 12


def test_two_forms_of_one_notebook(folder):
    first, second = form("curves"), form("curves")
    control(first, "window").widget.value = "12"
    control(second, "name").widget.value = "N"
    assert answers("curves") == {"window": 12, "name": "N"} and control(second, "window").get() == 12


def test_hand_edited_values_that_do_not_fit(folder):
    text = "curves:\n  curve-a: laag\n  signals: [x, q]\n  rules:\n    r1: {use: maybe, after: 3}\n    r9: {use: yes}\n"
    Path("answers.yml").write_text(text)
    shown = form("curves")
    assert (
        "answers.yml, line 2: &quot;curve-a&quot; (Curve A) is &quot;laag&quot;"
        in shown.questions["curve-a"].message.value
    )
    control(shown, "window").widget.value = "12"
    assert "curve-a: laag" in Path("answers.yml").read_text()
    cell(shown, "r1", "after").value = "4"
    raw = store.read("curves").raw["rules"]
    assert raw == {"r1": {"use": "maybe", "after": "4"}, "r9": {"use": "yes"}}
    cell(shown, "r1", "use").value = "yes"
    assert store.read("curves").raw["rules"]["r1"] == {"use": "yes", "after": "4"}


def test_a_broken_file_locks_the_form_until_it_is_mended(folder):
    shown = form("curves")
    control(shown, "window").widget.value = "12"
    path = Path("answers.yml")
    broken = "curves:\n  window: [12\n"
    path.write_text(broken)
    control(shown, "name").widget.value = "N"
    assert "answers.yml, line " in shown.banner.value and path.read_text() == broken
    assert control(shown, "window").widget.disabled and control(shown, "curve-a").widget.radio.disabled
    assert control(shown, "steps").confirm.disabled and cell(shown, "r1", "use").disabled
    assert shown.again.layout.display is None and shown.again.description == "Read the file again"
    assert shown.status.value == "1 entry not saved, still on the screen · see the top of the form"
    assert shown.questions["name"].message.value == "Not saved yet; see the top of the form."
    shown.again.click()
    assert shown.banner.value != ""
    path.write_text("curves:\n  window: 13\n")
    shown.again.click()
    assert answers("curves") == {"window": 13, "name": "N"}
    assert shown.banner.value == "" and shown.again.layout.display == "none"
    assert shown.questions["name"].message.value == ""
    assert control(shown, "window").widget.value == "13" and not control(shown, "window").widget.disabled
    assert control(shown, "steps").up[0].disabled and not control(shown, "steps").up[1].disabled


def test_a_form_opened_on_a_broken_file(folder):
    Path("answers.yml").write_text("- a\n")
    shown = form("curves")
    assert "answers.yml, line 1: expected the name of a task" in shown.banner.value
    assert control(shown, "window").widget.disabled


def test_a_disk_that_cannot_be_written(folder, monkeypatch):
    shown = form("curves")
    with monkeypatch.context() as patched:
        patched.setattr(
            Path, "write_text", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        control(shown, "window").widget.value = "12"
        control(shown, "name").widget.value = "N"
        assert "could not be written: No space left on device" in shown.banner.value
        assert shown.status.value == "2 entries not saved, still on the screen · see the top of the form"
        assert control(shown, "window").widget.value == "12" and not control(shown, "window").widget.disabled
        shown.again.click()
        assert shown.status.value == "2 entries not saved, still on the screen · see the top of the form"
    shown.again.click()
    assert answers("curves") == {"window": 12, "name": "N"} and shown.banner.value == ""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder(folder):
    shown = form("curves")
    folder.chmod(0o555)
    try:
        control(shown, "window").widget.value = "12"
        assert "could not be written: Permission denied" in shown.banner.value
    finally:
        folder.chmod(0o755)


def test_a_file_removed_while_the_form_is_open(folder):
    shown = form("curves")
    fill(shown)
    Path("answers.yml").unlink()
    control(shown, "name").widget.value = "N"
    assert answers("curves") == {**FILLED, "name": "N"}


def test_forms_yml_lost_while_the_form_is_open(folder):
    shown = form("curves")
    (folder / "forms.yml").unlink()
    control(shown, "name").widget.value = "N"
    assert "There is no forms.yml" in shown.banner.value


def test_an_unknown_task_suggests_the_nearest(folder):
    with pytest.raises(FormsError, match=r"did you mean curves\?"):
        form("curve")


def test_options_keep_their_markdown_and_show_html_as_text(folder):
    choose = control(form("curves"), "curve-a").widget
    assert choose.radio._options_labels == ("A lag", "<b>Flicker</b> & more")
    assert "<span>A <code>lag</code></span>" in choose.children[1].value
    assert "<span>&lt;b&gt;Flicker&lt;/b&gt; &amp; more</span>" in choose.children[1].value


def test_the_picture_is_readable_and_never_changes(folder):
    shown = form("curves")
    bundle = shown._repr_mimebundle_()
    fill(shown)
    again = form("curves")._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    for kind in ("text/html", "text/plain"):
        assert bundle[kind] == again[kind]
    html = bundle["text/html"]
    assert html.startswith('<div class="ospolab-form" role="group" aria-label="Read three curves">')
    assert " id=" not in html and "A <code>lag</code> (<code>lag</code>)" in html
    for text in (
        "answers.yml",
        "<code>curves:</code>",
        "from 3 to 36 (months)",
        "Tick 1 to 2.",
        "3 to 6 words",
        "Factor of",
    ):
        assert text in html
    assert bundle["text/plain"] == "Form: Read three curves (7 questions)"


def test_strict_nbval_passes_on_a_stored_form(folder):
    """Stored without widget state, as the normaliser leaves it, and run again after answers were given."""
    cell = nbformat.v4.new_code_cell('from ospolab.forms import form\nform("curves")', execution_count=1)
    picture = {k: v for k, v in form("curves")._repr_mimebundle_().items() if k.startswith("text/")}
    cell.outputs = [nbformat.v4.new_output("execute_result", picture, execution_count=1)]
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    fill(form("curves"))

    def nbval():
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=spec), folder / "n.ipynb")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--nbval",
            "--nbval-cell-timeout",
            "60",
        ]
        done = subprocess.run([*command, "n.ipynb"], capture_output=True, text=True, check=False, cwd=folder)
        return re.search(r"(\d+ (?:passed|failed))", done.stdout).group(1)

    assert nbval() == "1 passed"
    cell.outputs[0].data["text/html"] += "."
    assert nbval() == "1 failed"


def test_saving_brings_the_welcome_page_up_to_date(tmp_path, monkeypatch):
    (tmp_path / ".ospolab").mkdir()
    (folder := tmp_path / "exercises" / "one").mkdir(parents=True)
    fields = "[{id: a, kind: number, label: A, min: 0, max: 9}]"
    (folder / "forms.yml").write_text(f"one: {{title: One, fields: {fields}}}\n")
    refreshed = []
    monkeypatch.setattr("ospolab.learner.welcome.refresh", refreshed.append)
    shown = form("one", folder)
    before = len(refreshed)
    shown.questions["a"].control.widget.value = "4"
    assert len(refreshed) > before and set(refreshed) == {tmp_path}
