"""Stock nbgrader on many course folders in one process: `python tests/stock.py FOLDER...`, each with one assignment.

What its commands do and formgrader's buttons too; they would spend most of their time on starting. Kernels are forked
where the environment asks for it (`ospolab.kernels`), and the version of the tables is read from nbgrader's own files
(`ospolab.grading.schema`); everything else is as it is installed.
"""

import sys
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config, PyFileConfigLoader

from ospolab.grading import schema


def grade(folder: Path) -> None:
    """Generate and autograde all that is in a course folder; SystemExit with nbgrader's words if it fails."""
    schema.read_from_files()
    config = Config(PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config())
    config.CourseDirectory.root = str(folder)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    (assignment,) = (path.name for path in (folder / "source").iterdir())
    for done in (api.generate_assignment(assignment), api.autograde(assignment, "*")):
        if not done["success"]:
            raise SystemExit(f"{folder}\n{done.get('error', '')}\n{done.get('log', '')}")


if __name__ == "__main__":
    for one in sys.argv[1:]:
        grade(Path(one))
