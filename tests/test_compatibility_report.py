"""The compatibility report: written from complete answers only, graded by parts, checked against the organisation."""

import pytest

from ospolab import portfolio
from ospolab.authoring import cases
from ospolab.portfolio import PaperError, compatibility_report
from ospolab.portfolio.compatibility_report import CompatibilityReport
from ospolab.portfolio.organisation import INVENTED

REPORT = cases.case("counselor-compliance", "reference")["answers"]["report"]


def test_each_part_can_fail_alone():
    assert compatibility_report.parts(REPORT) == [1, 1, 1, 1]
    assert compatibility_report.parts({}) == [0, 0, 0, 0]
    keep = {"Unidecode": {"fix": "keep"}, "PyMuPDF": {"fix": "replace"}}
    bought = {"Unidecode": {"fix": "buy"}, "PyMuPDF": {"fix": "buy"}}
    for change, at in (
        ({"fixes": keep}, 0),
        ({"fixes": bought}, 0),
        ({"outbound": "GPL-2.0-or-later"}, 0),
        ({"duties": {key: {"duty": "source"} for key in REPORT["duties"]}}, 1),
        ({"duties": {key: {"duty": "notices"} for key in REPORT["duties"]}}, 1),
        ({"duties": {key: {"duty": "unknown"} for key in REPORT["duties"]}}, 1),
        ({"risks": ["import", "nobody"]}, 2),
        ({"evidence": ["3.3.2.1"]}, 3),
        ({"evidence": ["3.3.1.2", "3.1.2.3"]}, 3),
    ):
        got = compatibility_report.parts({**REPORT, **change})
        assert got == [part != at for part in range(4)], change


@pytest.mark.parametrize("outbound", ["GPL-3.0-only", "AGPL-3.0-only"])
def test_another_outbound_licence_is_a_fix(outbound):
    keep = {"Unidecode": {"fix": "keep"}, "PyMuPDF": {"fix": "keep"}}
    assert compatibility_report.parts({**REPORT, "outbound": outbound, "fixes": keep}) == [1, 1, 1, 1]


def test_what_nobody_has_read_is_not_booked_as_permissive():
    guessed = {**REPORT["duties"], "psycopg-libs": {"duty": "notices"}}
    assert compatibility_report.parts({**REPORT, "duties": guessed}) == [1, pytest.approx(5 / 7), 1, 1]


def test_nothing_is_written_from_half_an_answer(home):
    for field in compatibility_report.NEEDED:
        assert "Not written yet" in compatibility_report.issue({k: v for k, v in REPORT.items() if k != field})
    assert "Not written yet" in compatibility_report.issue({**REPORT, "fixes": {"Unidecode": {"fix": "keep"}}})
    assert not (home / "portfolio").exists()


def test_the_report_says_what_was_decided(home):
    text = compatibility_report.issue(REPORT)
    assert "For City library" in text and "No conflict is left" in text and "3.3.1.2, component inventory" in text
    assert "| PyMuPDF | `AGPL-3.0-only` | run as a program of its own | source of the part" in text
    assert portfolio.read(CompatibilityReport).rows[7].word == ""
    assert "stands as it is" in compatibility_report.issue(REPORT)
    bought = {**REPORT, "fixes": {"Unidecode": {"fix": "replace"}, "PyMuPDF": {"fix": "buy"}}}
    row = next(line for line in compatibility_report.issue(bought).splitlines() if line.startswith("| PyMuPDF"))
    assert "as offered" in row and "what the bought licence asks for" in row and "not in the product" not in row
    keep = {**REPORT, "fixes": {"Unidecode": {"fix": "keep"}, "PyMuPDF": {"fix": "keep"}}}
    assert "**Open conflicts:** Unidecode, PyMuPDF." in compatibility_report.issue(keep)


def test_it_is_checked_against_the_organisation(home):
    business, university = INVENTED["business"], INVENTED["education"]
    report = {**REPORT, "organisation": business.name}
    compatibility_report.issue(report)
    assert portfolio.state(CompatibilityReport, business).word == "sound"
    assert "portfolio is that of University" in portfolio.state(CompatibilityReport, university).problems[0]
    for change, said in (
        ({"role": "neither"}, "neither manufacturer nor steward"),
        ({"role": "steward"}, "other than the manufacturer"),
        ({"risks": ["later"]}, "No risk to accept"),
        ({"outbound": "GPL-2.0-only"}, "requests is in conflict with GPL-2.0-only"),
    ):
        compatibility_report.issue({**report, **change})
        assert any(said in line for line in portfolio.state(CompatibilityReport, business).problems), change


def test_it_changes_with_the_organisation():
    said = {segment: " ".join(compatibility_report.for_us(one)) for segment, one in INVENTED.items()}
    assert len(set(said.values())) == len(INVENTED)
    assert {segment for segment, words in said.items() if "devices" in words} == {"business"}
    assert {segment for segment, words in said.items() if "no lawyer of our own" in words} == {"non-government"}


def test_a_file_with_another_licence_word_is_refused(home):
    compatibility_report.issue(REPORT)
    path = home / "portfolio" / "compatibility-report.md"
    path.write_text(path.read_text("utf-8").replace("word: notices", "word: fine", 1), "utf-8")
    with pytest.raises(PaperError, match="compatibility-report"):
        portfolio.read(CompatibilityReport)
