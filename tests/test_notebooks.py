"""Notebooks are stored as the normaliser leaves them, and a lesson run again is the lesson that is stored.

That the outputs of all lessons are those of their code is nbval's to say: see `ospolab.suite`.
"""

import re

import nbformat
import pytest

from ospolab import course
from ospolab.authoring import notebooks

ROOT = course.root()
LESSON = ROOT / "notebooks" / "environmentalist" / "community-engagement.ipynb"


def ident(path):
    return str(path.relative_to(ROOT))


def test_running_a_lesson_again_changes_nothing():
    again = nbformat.writes(notebooks.executed(LESSON)) + "\n"
    # Coordinates of drawings may differ in the last digit between processors; everything else may not.
    drawings = re.compile(r"<svg.*?</svg>", re.DOTALL)
    assert drawings.sub("", again) == drawings.sub("", LESSON.read_text(encoding="utf-8")), "run `make notebooks`"


@pytest.mark.parametrize("path", notebooks.sources(), ids=ident)
def test_a_stored_notebook_is_normalised(path):
    stored = path.read_text(encoding="utf-8")
    assert nbformat.writes(notebooks.normalised(nbformat.reads(stored, as_version=4))) + "\n" == stored


def test_normaliser_takes_out_what_changes_from_run_to_run():
    cell = nbformat.v4.new_code_cell(
        "1", id="one", metadata={"execution": {"iopub": "2026"}, "ospolab": {"teaches": []}}
    )
    live = "application/vnd.jupyter.widget-view+json"
    cell.outputs = [
        nbformat.v4.new_output("display_data", {live: {"model_id": "x"}, "text/html": "<p>"}, metadata={"a": 1})
    ]
    notebook = nbformat.v4.new_notebook(
        cells=[cell], metadata={"language_info": {"name": "python", "version": "3.11.7"}, "widgets": {}}
    )
    done = notebooks.normalised(notebook)
    assert done.cells[0].metadata == {"ospolab": {"teaches": []}}
    assert done.cells[0].outputs[0].data == {"text/html": "<p>"}
    assert "widgets" not in done.metadata and done.metadata.language_info == {"name": "python"}


def test_a_failing_lesson_is_reported_and_left_alone(tmp_path, capsys):
    path = tmp_path / "broken.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert notebooks.refresh([path]) is False
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert path.read_bytes() == before
