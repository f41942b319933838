"""The page on which nbgrader says how a submission was graded, as the course wants it.

nbgrader's own page loads MathJax from elsewhere, cuts long lines, calls every test cell "Test cell", and gives 0 points
to what nobody has read yet. `configure` is for `exercises/nbgrader_config.py`: it holds for instructors and learners.
"""

from __future__ import annotations

from pathlib import Path

import nbgrader
from nbconvert.exporters import HTMLExporter
from nbgrader import utils
from nbgrader.preprocessors import GetGrades
from traitlets import default
from traitlets.config import Config

from ospolab.learner.check import headed

__all__ = ["Grades", "Page", "configure"]

OURS = Path(__file__).with_name("templates")
NBGRADERS = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"


def configure(config: Config) -> None:
    """Have `nbgrader generate_feedback` make the page of this module."""
    config.GenerateFeedback.exporter_class = f"{__name__}.Page"
    config.GenerateFeedback.preprocessors = [
        f"{__name__}.Grades",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]


class Grades(GetGrades):
    """Puts into the metadata of graded cells, besides their points, `heading` and `unread`: a human has yet to look."""

    def preprocess(self, nb, resources):
        nb, resources = super().preprocess(nb, resources)
        for cell, heading in headed(nb.cells):
            if utils.is_grade(cell) or utils.is_task(cell):
                cell.metadata.nbgrader["heading"] = heading
        return nb, resources

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        name = cell.metadata.nbgrader["grade_id"]
        grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader["unread"] = bool(grade.needs_manual_grade)


class Page(HTMLExporter):
    """nbgrader's feedback page with our changes. It needs nothing from the network."""

    @default("template_paths")
    def _template_paths(self, prune=True, root_dirs=None):
        # nbgrader sets the name of the template and its folders itself; whatever they are, ours are looked at first.
        return [str(OURS), str(NBGRADERS), *super()._template_paths(prune, root_dirs)]

    @property
    def default_config(self):
        config = super().default_config
        # A form cannot live on this page; the picture beside it can.
        priority = config.NbConvertBase.display_data_priority
        config.NbConvertBase.display_data_priority = [kind for kind in priority if "widget" not in kind]
        return config
