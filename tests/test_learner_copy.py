"""The learner's copy: every rule of the synchronisation, and that no work is ever lost."""

from __future__ import annotations

import json
from pathlib import Path

import fakecourse
import pytest
from fakecourse import EXERCISE, FORMS, LESSON, NAME, QUIZ, released, write

from ospolab import course as the_course
from ospolab.learner import MARKER, copy, files

MANIFEST = f"{MARKER}/manifest.json"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return fakecourse.make(tmp_path / "course")


@pytest.fixture
def home(course: Path) -> Path:
    return course / "my-course"


def work_in(path: Path, text: str = "my own thought") -> str:
    """Add a cell, as a learner does; returns the file's content."""
    notebook = json.loads(path.read_text())
    notebook["cells"].append(fakecourse.code(f"# {text}"))
    path.write_text(json.dumps(notebook))
    return path.read_text()


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- delivering ------------------------------------------------------------------------------------------------------


def test_first_sync_delivers_lessons_and_released_exercises(course, home):
    report = copy.sync(course, home)
    assert report.new == ["glossary.md", LESSON, QUIZ, EXERCISE, FORMS]
    assert report.messages() == ["5 files new in this copy."]
    assert (home / "portfolio").is_dir() and (home / MANIFEST).is_file()
    assert (home / FORMS).read_text() == fakecourse.FORMS_TEXT


def test_solutions_and_lessons_to_come_are_never_delivered(course, home):
    write(course / "notebooks/enabler/strategy.ipynb", fakecourse.lesson())  # written, but not in _toc.yml
    source = course / "exercises" / "source" / NAME
    (course / "exercises/release" / NAME / "key").symlink_to(source, target_is_directory=True)
    (course / "exercises/release" / NAME / "key.ipynb").symlink_to(source / f"{NAME}.ipynb")
    copy.sync(course, home)
    copied = everything(home)
    assert not [name for name in copied if "key" in name or "enabler" in name]
    assert not [name for name, content in copied.items() if b"BEGIN SOLUTION" in content or b"HIDDEN" in content]


def test_second_sync_changes_no_byte(course, home):
    copy.sync(course, home)
    before = everything(home)
    assert copy.sync(course, home).messages() == []
    assert everything(home) == before


def test_a_deleted_file_comes_back_and_this_is_said(course, home):
    copy.sync(course, home)
    work_in(home / LESSON)
    (home / LESSON).unlink()
    report = copy.sync(course, home)
    assert report.restored == [LESSON]
    assert "start over" in report.messages()[0] and LESSON in report.messages()[0]
    assert "my own thought" not in (home / LESSON).read_text()


# --- updating --------------------------------------------------------------------------------------------------------


def test_an_unchanged_file_follows_the_course(course, home):
    copy.sync(course, home)
    write(course / LESSON, fakecourse.lesson("Second edition."))
    write(course / QUIZ, "- {id: q1}\n")
    report = copy.sync(course, home)
    assert report.updated == [LESSON, QUIZ] and not report.beside
    assert "Second edition." in (home / LESSON).read_text()
    assert report.messages() == ["2 files brought up to date; you had not changed them."]


def test_running_and_saving_a_notebook_is_not_changing_it(course, home):
    copy.sync(course, home)
    notebook = json.loads((home / LESSON).read_text())
    notebook["cells"][1].update(execution_count=7, outputs=[], metadata={"scrolled": True})
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.12.1"}
    notebook["cells"].append(fakecourse.code(""))  # Shift-Enter in the last cell adds one
    (home / LESSON).write_text(json.dumps(notebook))
    write(course / LESSON, fakecourse.lesson("Second edition."))
    report = copy.sync(course, home)
    assert report.updated == [LESSON]
    assert "Second edition." in (home / LESSON).read_text()


def test_new_stored_outputs_alone_reach_only_a_file_nobody_has_saved(course, home):
    copy.sync(course, home)
    write(course / LESSON, fakecourse.lesson(html="a better table"))
    assert copy.sync(course, home).updated == [LESSON]
    assert "a better table" in (home / LESSON).read_text()
    notebook = json.loads((home / LESSON).read_text())
    notebook["cells"][1]["outputs"] = []
    mine = json.dumps(notebook)
    (home / LESSON).write_text(mine)
    write(course / LESSON, fakecourse.lesson(html="the best table"))
    assert copy.sync(course, home).updated == []
    assert (home / LESSON).read_text() == mine


@pytest.mark.parametrize(
    "change",
    [
        lambda cell: cell.update(source=["2 + 2"]),
        lambda cell: cell.update(cell_type="raw"),
        lambda cell: cell.update(attachments={"a.png": {"image/png": "AAAA"}}),
        lambda cell: cell["metadata"].update(nbgrader={"grade_id": "x"}),
    ],
    ids=["source", "type", "attachment", "nbgrader"],
)
def test_what_counts_as_work_in_a_notebook(change):
    before = fakecourse.lesson()
    notebook = json.loads(before)
    change(notebook["cells"][1])
    after = json.dumps(notebook)
    assert copy.fingerprint("a.ipynb", before.encode()) != copy.fingerprint("a.ipynb", after.encode())


# --- the learner's work ----------------------------------------------------------------------------------------------


def test_work_is_kept_while_the_course_stays_the_same(course, home):
    copy.sync(course, home)
    mine = work_in(home / LESSON)
    (home / QUIZ).write_text("mine")
    report = copy.sync(course, home)
    assert report.messages() == [] and report.kept == [LESSON, QUIZ]
    assert (home / LESSON).read_text() == mine and (home / QUIZ).read_text() == "mine"


def test_both_changed_keeps_mine_and_lays_the_new_one_beside_it_once(course, home):
    copy.sync(course, home)
    mine = work_in(home / LESSON)
    (home / QUIZ).write_text("mine")
    write(course / LESSON, fakecourse.lesson("Second edition."))
    write(course / QUIZ, "- {id: q9}\n")
    report = copy.sync(course, home)
    new_lesson, new_quiz = LESSON.replace(".ipynb", ".new.ipynb"), QUIZ.replace(".quiz.yml", ".new.quiz.yml")
    assert report.beside == [(LESSON, new_lesson), (QUIZ, new_quiz)]
    assert (home / LESSON).read_text() == mine and (home / QUIZ).read_text() == "mine"
    assert "Second edition." in (home / new_lesson).read_text() and "q9" in (home / new_quiz).read_text()
    assert LESSON in report.messages()[0] and new_lesson in report.messages()[0]
    before = everything(home)
    assert copy.sync(course, home).messages() == []
    (home / new_lesson).unlink()  # read and thrown away: it does not come back
    assert copy.sync(course, home).messages() == []
    assert everything(home) == {name: content for name, content in before.items() if name != new_lesson}


def test_a_third_edition_replaces_the_second_that_lies_beside(course, home):
    copy.sync(course, home)
    mine = work_in(home / LESSON)
    for edition in ("Second edition.", "Third edition."):
        write(course / LESSON, fakecourse.lesson(edition))
        report = copy.sync(course, home)
    beside = home / LESSON.replace(".ipynb", ".new.ipynb")
    assert report.beside == [(LESSON, str(beside.relative_to(home)))]
    assert "Third edition." in beside.read_text() and (home / LESSON).read_text() == mine


def test_work_in_the_file_beside_is_kept_too(course, home):
    copy.sync(course, home)
    work_in(home / LESSON)
    write(course / LESSON, fakecourse.lesson("Second edition."))
    copy.sync(course, home)
    beside = home / LESSON.replace(".ipynb", ".new.ipynb")
    mine = work_in(beside, "begun in the new one")
    write(course / LESSON, fakecourse.lesson("Third edition."))
    report = copy.sync(course, home)
    numbered = LESSON.replace(".ipynb", ".new-2.ipynb")
    assert report.beside == [(LESSON, numbered)]
    assert beside.read_text() == mine and "Third edition." in (home / numbered).read_text()


def test_taking_over_the_new_one_ends_the_matter(course, home):
    copy.sync(course, home)
    work_in(home / LESSON)
    write(course / LESSON, fakecourse.lesson("Second edition."))
    copy.sync(course, home)
    (home / LESSON.replace(".ipynb", ".new.ipynb")).replace(home / LESSON)
    assert copy.sync(course, home).messages() == []
    write(course / LESSON, fakecourse.lesson("Third edition."))
    assert copy.sync(course, home).updated == [LESSON]


def test_what_leaves_the_course_stays_with_the_learner(course, home):
    copy.sync(course, home)
    before = (home / LESSON).read_bytes()
    write(course / "_toc.yml", "root: book/index\n")
    assert copy.sync(course, home).messages() == []
    assert (home / LESSON).read_bytes() == before and (home / EXERCISE).is_file()


def test_a_file_of_the_learners_own_is_not_overwritten_when_a_lesson_takes_its_name(course, home):
    write(home / QUIZ, "my own notes")
    report = copy.sync(course, home)
    assert (home / QUIZ).read_text() == "my own notes"
    assert report.beside == [(QUIZ, QUIZ.replace(".quiz.yml", ".new.quiz.yml"))]
    assert copy.sync(course, home).messages() == []


# --- what can go wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", ["{", "[]", '{"files": 3}', '{"files": {"a": 1}}', ""])
def test_without_a_readable_manifest_everything_is_the_learners(course, home, content):
    copy.sync(course, home)
    mine = work_in(home / LESSON)
    write(course / QUIZ, "- {id: q9}\n")
    (home / MANIFEST).write_text(content)
    report = copy.sync(course, home)
    assert report.kept == [LESSON, QUIZ] and not report.updated and not report.beside
    assert (home / LESSON).read_text() == mine and "q1" in (home / QUIZ).read_text()
    assert "could not be read" in report.messages()[0] and QUIZ in report.messages()[0]
    assert copy.sync(course, home).messages() == []
    write(
        course / FORMS.replace("exercises/", "exercises/release/"), "other: {}\n"
    )  # what was not changed still follows
    assert copy.sync(course, home).updated == [FORMS]


@pytest.mark.parametrize("crash_at", range(1, 6))
def test_a_crash_between_two_writes_loses_nothing(course, home, monkeypatch, crash_at):
    copy.sync(course, home)
    mine = work_in(home / EXERCISE)
    write(course / LESSON, fakecourse.lesson("Second edition."))
    write(course / QUIZ, "- {id: q9}\n")
    write(released(course, EXERCISE), fakecourse.exercise(solved=False, text="Second edition."))
    replace, writes = Path.replace, []

    def failing(self: Path, target: Path) -> Path:
        writes.append(target)
        if len(writes) == crash_at:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    if crash_at <= 4:  # two updates, one beside, the manifest
        with pytest.raises(KeyboardInterrupt):
            copy.sync(course, home)
    else:
        copy.sync(course, home)
        assert len(writes) == 4
    monkeypatch.undo()
    assert (home / EXERCISE).read_text() == mine
    copy.sync(course, home)
    assert (home / EXERCISE).read_text() == mine
    assert "Second edition." in (home / LESSON).read_text() and "q9" in (home / QUIZ).read_text()
    news = [path.name for path in (home / "exercises" / NAME).iterdir() if ".new" in path.name]
    assert news == [f"{NAME}.new.ipynb"]
    assert not [name for name in everything(home) if files.PARTIAL in name]
    assert copy.sync(course, home).messages() == []


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        files.write(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_one_bad_file_does_not_stop_the_others(course, home):
    write(course / LESSON, "this is no notebook")
    (home / FORMS).mkdir(parents=True)
    report = copy.sync(course, home)
    assert report.new == ["glossary.md", QUIZ, EXERCISE]
    assert [LESSON in report.problems[0], FORMS in report.problems[1]] == [True, True]


def test_a_learners_broken_notebook_is_kept(course, home):
    copy.sync(course, home)
    (home / LESSON).write_text('{"cells": [')
    write(course / LESSON, fakecourse.lesson("Second edition."))
    report = copy.sync(course, home)
    assert (home / LESSON).read_text() == '{"cells": ['
    assert len(report.beside) == 1


def test_a_file_in_the_way_of_the_copy_is_named(course, home):
    home.write_text("not a folder")
    with pytest.raises(copy.CopyError, match="in the way"):
        copy.sync(course, home)
    home.unlink()
    home.mkdir()
    (home / MARKER).write_text("not a folder either")
    with pytest.raises(copy.CopyError, match="cannot be written"):
        copy.sync(course, home)


def test_a_full_disk_is_a_message(course, home, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(copy.CopyError, match="No space left on device"):
        copy.sync(course, home)


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "written", "wanted"),
    [
        (LESSON, f"[x](../../exercises/release/{NAME}/{NAME}.ipynb)", f"[x](../../exercises/{NAME}/{NAME}.ipynb)"),
        (LESSON, "[x](../enabler/strategy.ipynb#part)", "[x](../enabler/strategy.ipynb#part)"),
        (LESSON, "[x](strategy.ipynb)", "[x](strategy.ipynb)"),
        (LESSON, "[x](https://example.org/exercises/release/a)", "[x](https://example.org/exercises/release/a)"),
        (LESSON, "[x](#part) `exercises/release/a`", "[x](#part) `exercises/release/a`"),
        (LESSON, "[x]: ../../exercises/release/a/a.ipynb", "[x]: ../../exercises/a/a.ipynb"),
        (LESSON, '<a href="../../exercises/release/a/a.ipynb">', '<a href="../../exercises/a/a.ipynb">'),
        (LESSON, '[x](../../exercises/release/a/a.ipynb#end "Title")', '[x](../../exercises/a/a.ipynb#end "Title")'),
        (LESSON, "see [the register](../../book/data/index.md#xz).", "see the register (in the book)."),
        (LESSON, "a [fork](../../book/glossary.md#term-fork).", "a [fork](../../glossary.md)."),
        (f"exercises/release/{NAME}/n.ipynb", "[x](../../../book/glossary.md)", "[x](../../glossary.md)"),
        (f"exercises/release/{NAME}/n.ipynb", f"[x](../../../{LESSON})", f"[x](../../{LESSON})"),
        (f"exercises/release/{NAME}/n.ipynb", "[x](../other/other.ipynb)", "[x](../other/other.ipynb)"),
        (f"exercises/release/{NAME}/n.ipynb", "[x](forms.yml)", "[x](forms.yml)"),
        (f"exercises/release/{NAME}/n.ipynb", "[x](../../../book/index.md)", "x (in the book)"),
    ],
)
def test_links_are_rewritten_for_the_copy(source, written, wanted):
    assert copy.rewrite_links(written, source) == wanted


def test_links_of_delivered_notebooks_lead_to_delivered_files(course, home):
    copy.sync(course, home)
    assert f"../../exercises/{NAME}/{NAME}.ipynb" in (home / LESSON).read_text()
    assert f"](../../{LESSON})" in (home / EXERCISE).read_text()


@pytest.mark.parametrize(
    "flags",
    [
        {"locked": True},
        {"grade": True, "solution": True, "points": 2},
        {"grade": True, "locked": True, "points": 0.5},
        {},
    ],
)
def test_a_link_in_a_guarded_cell_is_no_tampering(course, home, flags):
    import nbformat
    from nbgrader.utils import compute_checksum

    guard = fakecourse.guard("ü", **flags, checksum="of the text before")
    write(
        released(course, EXERCISE), fakecourse.notebook(fakecourse.markdown(f"[é](../../../{LESSON})", nbgrader=guard))
    )
    copy.sync(course, home)
    (cell,) = nbformat.read(home / EXERCISE, as_version=4).cells
    assert cell.source == f"[é](../../{LESSON})"
    assert cell.metadata.nbgrader.checksum == compute_checksum(cell)


# --- trust -----------------------------------------------------------------------------------------------------------


def test_delivered_notebooks_are_trusted_and_changed_ones_are_not(course, home, tmp_path, monkeypatch):
    import nbformat
    from nbformat.sign import NotebookNotary

    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    report = copy.sync(course, home)
    assert report.notebooks == [home / LESSON, home / EXERCISE]
    assert copy.trust(report.notebooks) is None
    notary = NotebookNotary()
    assert notary.check_signature(nbformat.read(home / LESSON, 4))
    work_in(home / LESSON)
    assert not notary.check_signature(nbformat.read(home / LESSON, 4))


def test_trust_that_cannot_be_given_is_a_message_and_no_more(course, home, tmp_path, monkeypatch):
    (tmp_path / "data").write_text("a file in the way")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    report = copy.sync(course, home)
    assert "could not be marked as trusted" in copy.trust(report.notebooks)


def test_the_glossary_comes_along_and_links_nowhere(course, home):
    copy.sync(course, home)
    assert "**fork**" in (home / "glossary.md").read_text()


def test_the_real_glossary_needs_nothing_that_only_the_book_shows():
    text = (the_course.root() / copy.GLOSSARY).read_text(encoding="utf-8")
    assert len(text) > 10_000 and not any(sign in text for sign in (":::", "{term}", "](", "<"))
