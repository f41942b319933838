"""Papers: written whole, read back, and only from complete answers."""

import pytest

from ospolab import health, portfolio
from ospolab.portfolio import health_report

RULE = {"window": 12, "new-for": 24, "threshold": 25, "fewest": 20}
REPORT = {
    "project": "flask",
    "use": "The catalogue could not be searched.",
    "factor-50": 1,
    "factor-80": 1,
    "newcomer": 3,
    "reading": "few-hands",
    "question": "Who reviews?",
    "owner": "contact",
    "support": ["review"],
    "decision": "Two hours a week, 8,000 a year.",
    "review": 3,
}


def test_papers_go_to_the_learners_copy_from_anywhere_inside(tmp_path, monkeypatch):
    (tmp_path / ".ospolab").mkdir()
    (inside := tmp_path / "exercises" / "one").mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert portfolio.folder() == tmp_path / "portfolio"
    path = portfolio.write("note", {"paper": "note"}, "# Hello")
    assert path == tmp_path / "portfolio" / "note.md"
    assert portfolio.read("note") == ({"paper": "note"}, "# Hello")
    assert [file.name for file in path.parent.iterdir()] == ["note.md"]


def test_a_paper_without_front_matter_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "portfolio").mkdir()
    (tmp_path / "portfolio" / "note.md").write_text("# Hello")
    with pytest.raises(ValueError, match="does not begin with front matter"):
        portfolio.read("note")


def test_health_report_is_written_from_complete_answers_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "rule of task 4 is still open" in health_report.issue(REPORT, {})
    assert not (tmp_path / "portfolio").exists()
    shown = health_report.issue(REPORT, RULE)
    front, body = portfolio.read("health-report")
    assert front["trigger"] == {"window": 12, "new_for": 24, "threshold": 25.0, "fewest": 20}
    assert (
        body in shown and "Who reviews?" in body and "review time of our engineers" in body and "does not ring" in body
    )


@pytest.mark.parametrize(
    ("project", "readings"),
    [
        ("flask", {"few-hands"}),
        ("redis", {"spread"}),
        ("requests", {"few-hands", "head-and-tail"}),
        ("left-pad", {"too-few"}),
    ],
)
def test_readings_that_figures_support(project, readings):
    assert health_report.defensible_readings(health.project_card(project)) == readings


def test_each_part_of_a_report_can_fail_alone():
    assert health_report.parts(REPORT) == [True] * 4
    for change, at in (
        ({"factor-80": 2}, 0),
        ({"reading": "spread"}, 1),
        ({"question": "Tell me."}, 2),
        ({"support": []}, 3),
    ):
        got = health_report.parts({**REPORT, **change})
        assert got == [part != at for part in range(4)], change
