"""The release readiness report: from complete answers only, and what of it does not hold."""

import pytest
import yaml

from ospolab import course, portfolio
from ospolab.portfolio import papers, release_report
from ospolab.portfolio.organisation import INVENTED
from ospolab.portfolio.release_report import ReleaseReport

FIRM = INVENTED["business"]
CASES = course.root() / "tests/exercises/advocate-governance"


def report(**changes):
    answers = yaml.safe_load((CASES / "reference.yml").read_text("utf-8"))["answers"]["release"]
    findings = {**answers["findings"], **changes.pop("findings", {})}
    return {**answers, "organisation": FIRM.name, "findings": findings, **changes}


def issued(**changes) -> ReleaseReport:
    release_report.issue(report(**changes))
    return portfolio.read(ReleaseReport)


def test_it_is_written_from_complete_answers_only(home):
    for missing in ("decision", "approvals", "sunset", "name"):
        given = {key: value for key, value in report().items() if key != missing}
        assert release_report.issue(given).startswith("Not written yet")
    assert release_report.issue(report(findings={"key": {"state": "mended"}})).startswith("Not written yet")
    assert not (home / "portfolio").exists()
    shown = release_report.issue(report())
    paper = portfolio.read(ReleaseReport)
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown
    assert paper.complaints(FIRM) == []
    assert "**No-go.** Next look:" in shown and "a search of all commits" in shown and "16 hours a month" in shown
    assert papers.state(ReleaseReport, FIRM).blanks == 2 * len(paper.approvals) + 7


MENDED = {"state": "mended", "proof": "last"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"decision": "go"}, "Go, and not everything is mended: address of an internal host"),
        ({"findings": {"host": MENDED}}, "a look at the last commit does not show it: address of an internal host"),
        ({"findings": {"key": MENDED}}, "does not show it: key"),
        (
            {"decision": "conditions", "findings": {"key": {"state": "claimed", "proof": "all"}}},
            "while the key may still",
        ),
        (
            {"decision": "conditions", "findings": {"key": {"state": "mended", "proof": "all"}}},
            "while the key may still",
        ),
        ({"approvals": ["owner", "security", "contracts"]}, "Nobody asks: counsel"),
        ({"approvals": ["owner", "security", "legal"]}, "Nobody asks: whoever holds the contracts"),
        ({"decision": "conditions", "days": 1}, "before the contract can be found"),
        ({"approvals": ["owner", "security", "legal", "contracts", "forge"]}, "No yes to wait for"),
        ({"name": "stack.data"}, "the index reads it as stack-data"),
        ({"name": "stacks!"}, "no name that the index accepts"),
        ({"licence": "BUSL-1.1"}, "does not make it open source"),
        ({"licence": "none"}, "It has no licence"),
        ({"keeper": "author"}, "Nobody is bound to keep it"),
        ({"sunset": "stars"}, "no condition"),
        ({"months": 6}, "longer than a year"),
        ({"stops": ["likes"]}, "Nothing is named that would stop"),
        ({"organisation": "City library"}, "It is for City library"),
    ],
)
def test_it_says_what_does_not_hold(home, changes, says):
    said = issued(**changes).complaints(FIRM)
    assert any(says in one for one in said), said


def test_each_kind_of_house_asks_somebody_more(home):
    for segment, whose in {"education": "technology transfer", "government": "data protection"}.items():
        ours = INVENTED[segment]
        paper = issued(organisation=ours.name, approvals=["owner", "legal", "security"])
        assert any(whose in one for one in paper.complaints(ours))
        assert paper.for_us == release_report.FOR_US[FIRM.segment]  # there is no organisation.yml here
    whole = issued(
        organisation=INVENTED["education"].name, approvals=[*release_report.NEEDED_YES, "transfer"], months=6
    )
    assert whole.complaints(INVENTED["education"]) == []


def test_parts_count_what_holds():
    assert release_report.parts(report()) == [1, 1, 1, 1]
    assert release_report.parts({}) == [0, 0, 0, 0] and release_report.remarks({}) == []
    one = {"findings": {"host": MENDED}}
    assert release_report.parts(report(**one))[0] == pytest.approx(2 * 6 / 7 - 1)
    assert release_report.parts(report(decision="go"))[1] == 0
    for days, holds in {1: 0, 3: 0, 4: 1}.items():
        assert release_report.parts(report(decision="conditions", days=days))[1] == holds
        assert len(release_report.remarks(report(decision="conditions", days=days))) == 1 - holds
    for one_yes in ("contracts", "privacy"):
        assert release_report.parts(report(approvals=[*release_report.NEEDED_YES - {one_yes}]))[1] == 0
    assert release_report.parts(report(name="Typing_Extensions"))[2] == 0
    assert release_report.parts(report(name="-stacks"))[2] == 0
    assert release_report.parts(report(stops=["found", "quarter"]))[3] == 0
    bad = report(decision="go", name="stack_data", licence="none", keeper="community", stops=["likes"], **one)
    assert len(release_report.remarks(bad)) == 6
    assert "said to be mended; a look at the last commit. Files" in release_report.remarks(bad)[0]
    assert release_report.remarks(report()) == []


def test_another_licence_is_another_piece_of_work(home):
    assert "The repository says MIT" not in release_report.issue(report())
    assert "The repository says MIT" in release_report.issue(report(licence="Apache-2.0"))


def test_the_form_offers_what_the_paper_knows():
    raw = yaml.safe_load((course.root() / "exercises/source/advocate-governance/forms.yml").read_text("utf-8"))
    fields = {field["id"]: field for field in raw["release"]["fields"]}
    tables = {
        "licence": release_report.LICENCES,
        "approvals": release_report.APPROVALS,
        "governance": release_report.GOVERNANCE,
        "keeper": release_report.KEEPERS,
        "sunset": release_report.SUNSETS,
        "stops": release_report.STOPS,
        "decision": release_report.DECISIONS,
    }
    for name, table in tables.items():
        assert {option["value"] for option in fields[name]["options"]} == set(table), name
    assert [row["value"] for row in fields["findings"]["rows"]] == list(release_report.FINDINGS)
