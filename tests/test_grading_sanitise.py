"""What editors, copies and hands do to a submission, and what is left of it afterwards."""

import copy
import json
import os

import nbformat
import pytest

from ospolab import course
from ospolab.authoring import cases
from ospolab.grading import sanitise
from ospolab.grading.sanitise import Limits, Refused, Sanitised

NAME = "environmentalist-community-engagement"


@pytest.fixture(scope="module")
def released():
    path = course.root() / "exercises" / "release" / NAME / f"{NAME}.ipynb"
    return nbformat.read(path, as_version=4)


@pytest.fixture
def submitted(tmp_path):
    """The reference solution as a learner hands it in, as JSON to be damaged."""
    cases.hand_in(NAME, "reference", tmp_path / "in")
    content = json.loads((tmp_path / "in" / f"{NAME}.ipynb").read_bytes())
    for one in content["cells"]:
        one["source"] = "".join(one["source"])
    return content


def mended(content, released, **limits) -> Sanitised:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return sanitise.notebook(raw, released, Limits(**limits))


def cell(content, name):
    return next(c for c in content["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_an_undamaged_submission_is_unchanged(submitted, released):
    result = mended(submitted, released)
    assert (result.repairs, result.competing) == ([], [])
    assert sources(result.notebook) == [cell["source"] for cell in submitted["cells"]]
    assert [c.metadata for c in result.notebook.cells] == [c.metadata for c in released.cells]
    nbformat.validate(result.notebook)


def twice(content):
    content["cells"].append(copy.deepcopy(cell(content, "factor")))


def without_test(content):
    content["cells"].remove(cell(content, "factor-half"))


def locked_changed(content):
    cell(content, "factor-half")["source"] = "assert True"


def more_points(content):
    cell(content, "factor-half")["metadata"]["nbgrader"]["points"] = 100


def not_graded_any_more(content):
    cell(content, "factor-half")["metadata"]["nbgrader"].update(grade=False, solution=True)


def other_kernel(content):
    content["metadata"]["kernelspec"] = {"name": "forged", "display_name": "x", "language": "bash"}


def became_markdown(content):
    target = cell(content, "factor")
    target["cell_type"] = "markdown"
    del target["outputs"], target["execution_count"]


def lost_its_mark(content):
    del cell(content, "factor")["metadata"]["nbgrader"]


def moved(content):
    target = cell(content, "factor")
    content["cells"].remove(target)
    content["cells"].append(target)


def windows(content):
    for one in content["cells"]:
        one["source"] = one["source"].replace("\n", "\r\n")


def no_cell(content):
    content["cells"][3:3] = [None, "x", {"cell_type": "heading"}, {"cell_type": "code", "source": 7}]


def false_outputs(content):
    cell(content, "factor-half")["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": "1.0"}, "metadata": {}, "execution_count": 1}
    ]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (twice, "factor was there more than once"),
        (without_test, "factor-half was missing"),
        (locked_changed, "factor-half differs from the present course; the present one was graded"),
        (more_points, "factor-half: points had been changed"),
        (not_graded_any_more, "factor-half: grade and solution had been changed"),
        (other_kernel, None),
        (became_markdown, "factor had become a markdown cell"),
        (lost_its_mark, "factor had lost its mark: the cell with the same first line was taken for it"),
        (moved, "cells were moved: they are back in their order"),
        (windows, "lines ended as on Windows"),
        (no_cell, "something that is no cell stood among the cells"),
        (false_outputs, None),
    ],
)
def test_damage_is_repaired_and_said(submitted, released, damage, says):
    whole = mended(submitted, released).notebook
    damage(submitted)
    result = mended(submitted, released)
    assert result.repairs == ([says] if says else [])
    assert result.competing == []
    assert sources(result.notebook) == sources(whole)
    assert [c.metadata for c in result.notebook.cells] == [c.metadata for c in whole.cells]
    assert result.notebook.metadata == whole.metadata
    assert not any(c.get("outputs") for c in result.notebook.cells)


def test_two_different_answers_are_for_a_human_and_the_last_is_run(submitted, released):
    other = copy.deepcopy(cell(submitted, "factor"))
    other["source"] = "absence_factor = max"
    submitted["cells"].append(other)
    result = mended(submitted, released)
    assert result.competing == ["factor"]
    assert "absence_factor = max" in sources(result.notebook)


def test_the_released_text_beside_an_answer_is_no_answer(submitted, released):
    other = copy.deepcopy(cell(submitted, "factor"))
    other["source"] = next(c.source for c in released.cells if c.metadata.nbgrader.grade_id == "factor")
    submitted["cells"].append(other)
    result = mended(submitted, released)
    assert result.competing == [] and cell(submitted, "factor")["source"] in sources(result.notebook)


def test_the_learners_own_cells_stay_where_they_were(submitted, released):
    at = submitted["cells"].index(cell(submitted, "factor"))
    submitted["cells"].insert(at, {"cell_type": "code", "source": ["import ", "math"], "metadata": {"x": 1}})
    result = mended(submitted, released)
    assert result.notebook.cells[at].source == "import math" and result.notebook.cells[at].metadata == {}
    assert result.repairs == []


def test_a_grade_id_that_only_looks_like_one_is_the_learners_own(submitted, released):
    false = copy.deepcopy(cell(submitted, "factor-half"))
    false["metadata"]["nbgrader"]["grade_id"] = "f\u0430ctor-half"
    submitted["cells"].append(false)
    result = mended(submitted, released)
    assert len(result.repairs) == 1 and "'f\\u0430ctor-half', which this exercise does not have" in result.repairs[0]
    ids = [c.metadata.get("nbgrader", {}).get("grade_id") for c in result.notebook.cells]
    assert ids.count("factor-half") == 1 and "f\u0430ctor-half" not in ids


def test_byte_order_marks_and_old_formats_are_read(submitted, released):
    whole = sources(mended(submitted, released).notebook)
    for encoding in ("utf-8-sig", "utf-16"):
        result = mended(json.dumps(submitted).encode(encoding), released)
        assert result.repairs == ["the file began with a byte-order mark"] and sources(result.notebook) == whole
    old = nbformat.convert(nbformat.from_dict(submitted), 3)
    result = mended(old, released)
    assert "the file was in notebook format 3" in result.repairs and sources(result.notebook) == whole


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b'{"cells": {}}',
        b"[" * 100_000,
        b"\xff\x00\xff",
        b'{"cells": [',
        b'{"nbformat": "x"}',
    ],
)
def test_what_is_no_notebook_is_refused_with_a_sentence(raw, released):
    with pytest.raises(Refused, match="notebook"):
        mended(raw, released)


def test_a_notebook_that_is_too_large_is_refused(submitted, released):
    with pytest.raises(Refused, match="clear its outputs"):
        mended(submitted, released, file_bytes=10_000)
    with pytest.raises(Refused, match="at most 5 can be graded"):
        mended(submitted, released, cells=5)


def test_files_are_listed_without_what_jupyter_leaves_behind(tmp_path):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "x.ipynb").write_text("x")
    (tmp_path / "data").mkdir()
    for name in ("a.ipynb", "answers.yml", "data/own.csv", ".hidden"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in sanitise.files(tmp_path)] == ["a.ipynb", "answers.yml", "own.csv"]


def test_links_archives_and_masses_are_refused(tmp_path):
    (tmp_path / "a").write_text("x" * 100)
    for make, says in (
        (lambda path: path.symlink_to("/etc/passwd"), "is a link"),
        (lambda path: path.symlink_to(tmp_path, target_is_directory=True), "is a link"),
        (os.mkfifo, "is a link or a device"),
        (lambda path: path.with_suffix(".zip").write_bytes(b"PK"), "is an archive"),
    ):
        make(tmp_path / "b")
        with pytest.raises(Refused, match=says):
            sanitise.files(tmp_path)
        for path in tmp_path.glob("b*"):
            path.unlink()
    for limits, says in (
        (Limits(file_bytes=99), "a has 0.0 MB"),
        (Limits(bytes=99), "or 0.0 MB were handed in"),
        (Limits(files=0), "More than 0 files"),
    ):
        with pytest.raises(Refused, match=says):
            sanitise.files(tmp_path, limits)
