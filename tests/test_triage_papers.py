"""The views of the lab on triage, and the two papers it issues."""

import json
from datetime import UTC, datetime

import pytest
import yaml
from jsonschema import Draft202012Validator

from ospolab import course, portfolio, triage, vex
from ospolab.lessons import triaging
from ospolab.portfolio import organisation, papers, triage_report, vex_file
from ospolab.portfolio.organisation import INVENTED

CASE = yaml.safe_load(
    (course.root() / "tests/exercises/environmentalist-compliance/reference.yml").read_text(encoding="utf-8")
)["answers"]
FIRM = INVENTED["business"]


def issue(**change):
    report = {key: value for key, value in {**CASE["report"], **change}.items() if value is not None}
    return triage_report.issue(report, CASE["tiers"], CASE["statements"])


def statements(**change):
    return {"statements": {**CASE["statements"]["statements"], **change}}


# Views


def test_the_explorer_answers_every_setting_and_its_conclusion_changes():
    explorer, said = triaging.explorer(), set()
    for by in triaging.ORDERS:
        for budget in (1, 2, 5, 9):
            for also in (False, True):
                sentence, picture = explorer.view(by=by, budget=budget, also_unknown=also)
                said.add(sentence)
                assert "finding-weeks" in sentence and picture.alt
    assert len(said) == 32
    few, many = triaging.orders_compared(2), triaging.orders_compared(9, also_unknown=True)
    assert few["finding-weeks"].idxmin() == "the policy"
    assert many["finding-weeks"].idxmin() == "most findings first"
    assert few.loc["highest score first", "exploited closed in week"] == 9


def test_every_order_holds_every_package_once():
    todo = triaging.todo()
    for by in triaging.ORDERS:
        assert sorted(triaging.order(todo, by)) == sorted(todo.index)


def test_the_ten_findings_are_what_tables_and_bill_of_materials_say():
    purls = set(triage.components(triaging.document(triaging.SBOM)).purl)
    found = triaging.findings()
    for one in triaging.portal()["findings"]:
        assert one["component"] in purls
        package = one["component"].split("/")[1].split("@")[0]
        if one["id"] not in ("webp", "jquery"):  # those two no match finds; that is the lesson
            (score,) = found[(found["package"] == package) & (found.cve == one["cve"])].score
            assert one["score"] == score or (one["score"] is None and score != score)
    shown = triaging.finding_rows()["in the exploited list"]
    assert shown[shown == "yes"].index.tolist() == ["webp", "jquery"]
    assert all(one["evidence"] in triaging.finding_list().data for one in triaging.portal()["findings"])


def test_policy_and_statements_agree_on_the_ten_findings():
    known = triage.known_exploited()
    for one in triaging.portal()["findings"]:
        points = float("nan") if one["score"] is None else one["score"]
        tier = triage.tier(one["cve"] in known, one["reach"], points)
        assert tier == CASE["tiers"]["tiers"][one["id"]]["tier"]
        (status,) = one["right"]
        assert (status in ("not_affected", "fixed")) == (tier == "say")
        assert (status == "affected") == ("action" in one)
        for justification in one["right"][status]:
            reason = None if justification == "none" else justification
            assert vex.problem(status, reason, one.get("action")) is None


def test_reach_is_known_for_every_package_with_a_finding():
    assert set(triaging.portal()["reach"]) == set(triaging.findings()["package"])


# Papers


def test_both_papers_are_written_and_hold(home):
    said = issue(organisation=None)
    assert "Triage report" in said and "vex.json" in said
    paper, file = papers.read(triage_report.TriageReport), papers.read(vex_file.Vex)
    assert paper.complaints(FIRM) == [] and file.complaints(FIRM) == []
    assert paper.findings == 113 and len(file.statements) == 10
    assert "{" not in papers.render(paper) and "None" not in papers.render(paper)
    assert "CVE-2023-4863" in papers.render(file)


def test_the_file_has_the_fields_of_openvex_and_no_others(home):
    issue(organisation="City library")
    raw = json.loads((home / "portfolio/vex.json").read_text(encoding="utf-8"))
    assert set(raw) == {"@context", "@id", "author", "role", "timestamp", "version", "statements"}
    assert raw["author"] == "City library" and raw["version"] == 1
    for one in raw["statements"]:
        assert set(one) <= {
            *("vulnerability", "products", "status", "justification"),
            *("action_statement", "status_notes", "timestamp"),
        }
        assert ("justification" in one) == (one["status"] == "not_affected")
        assert ("action_statement" in one) == (one["status"] == "affected")
        assert one["products"][0]["@id"] == vex_file.PRODUCT
        datetime.fromisoformat(one["timestamp"])


def openvex_schema(newer: bool) -> dict:
    """What two stored versions of the published schema demand, condensed; see `ospolab.vex` for their source."""
    text, address = {"type": "string"}, {"type": "string", "format": "uri"}
    part = {"type": "object", "additionalProperties": False, "properties": {"@id": address}}
    part |= {"required": ["@id"]} if newer else {}
    product = {**part, "properties": {"@id": address, "subcomponents": {"type": "array", "items": part}}}
    reason, words = {"required": ["justification"]}, {"required": ["impact_statement"]}
    why = {"anyOf": [reason, words]} if newer else {"oneOf": [reason, words]}
    statement = {
        "type": "object",
        "additionalProperties": False,
        "required": ["vulnerability", "status"],
        "properties": {
            "vulnerability": {"type": "object", "required": ["name"]},
            "products": {"type": "array", "uniqueItems": True, "items": product},
            "status": {"enum": list(vex.STATUSES)},
            "justification": {"enum": list(vex.JUSTIFICATIONS)},
            **dict.fromkeys(["impact_statement", "action_statement", "status_notes", "timestamp"], text),
        },
        "allOf": [
            {"if": {"properties": {"status": {"const": "not_affected"}}}, "then": why},
            {"if": {"properties": {"status": {"const": "affected"}}}, "then": {"required": ["action_statement"]}},
        ],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": ["@context", "@id", "author", "timestamp", "version", "statements"],
        "properties": {
            **dict.fromkeys(["@context", "@id"], address),
            **dict.fromkeys(["author", "role", "timestamp", "last_updated", "tooling"], text),
            "version": {"type": "integer", "minimum": 1},
            "statements": {"type": "array", "minItems": 1, "uniqueItems": True, "items": statement},
        },
    }


@pytest.mark.parametrize("newer", [False, True])
def test_the_file_holds_under_both_versions_of_the_schema(home, newer):
    issue()
    raw = json.loads((home / "portfolio/vex.json").read_text(encoding="utf-8"))
    checker = Draft202012Validator(openvex_schema(newer))
    assert list(checker.iter_errors(raw)) == []
    for damage in ({"justification": None}, {"status": "probably"}, {"reason": "none"}):
        statement = {**raw["statements"][1], **damage}
        broken = {**raw, "statements": [{key: value for key, value in statement.items() if value is not None}]}
        assert list(checker.iter_errors(broken)), damage


def test_a_statement_that_openvex_refuses_is_named_and_nothing_is_written(home):
    wrong = statements(jquery={"status": "not_affected", "justification": "none"})
    said = triage_report.issue(CASE["report"], CASE["tiers"], wrong)
    assert "CVE-2020-11023: not_affected needs a justification" in said
    assert not (home / "portfolio").exists()


def test_the_version_grows_only_with_a_change_and_other_statements_keep_their_time(home):
    found, said = triaging.portal()["findings"], CASE["statements"]["statements"]
    first, _ = vex_file.file_from(found, said, "City library")
    old = first.model_copy(
        update={
            "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
            "statements": tuple(
                one.model_copy(update={"timestamp": datetime(2026, 1, 1, tzinfo=UTC)}) for one in first.statements
            ),
        }
    )
    assert papers.write(old).changed
    again, _ = vex_file.file_from(found, said, "City library")
    assert again == old and not papers.write(again).changed
    later, _ = vex_file.file_from(
        found, {**said, "bleach": {"status": "fixed", "justification": "none"}}, "City library"
    )
    assert later.version == 2 and later.timestamp == old.timestamp and later.last_updated is not None
    assert [a == b for a, b in zip(later.statements, old.statements, strict=True)].count(False) == 1


def test_what_is_still_open_is_said(home):
    assert "tiers of task 3" in triage_report.issue(CASE["report"], {}, CASE["statements"])
    assert "statements of task 4" in triage_report.issue(CASE["report"], CASE["tiers"], {})
    assert "form above is not complete" in issue(decision=None)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"first": "urllib3"}, 0),
        ({"owner": None}, 0),
        ({"security-file": ["channel", "versions"]}, 1),
        ({"security-file": ["channel", "versions", "answer", "nda"]}, 1),
        ({"evidence": ["4.2.1.1", "4.3.1.2"]}, 2),
        ({"evidence": ["4.2.1.1", "4.3.1.2", "4.3.2.2", "4.4.2.1"]}, 2),
        ({"contact": "engineer"}, 3),
        ({"review": None}, 3),
    ],
)
def test_each_part_of_a_report_can_fail_alone(change, part):
    report = {key: value for key, value in {**CASE["report"], **change}.items() if value is not None}
    assert triage_report.parts(report) == [at != part for at in range(4)]


def test_ticking_everything_or_one_thing_everywhere_does_not_pay():
    every = {**CASE["report"], "security-file": list(triage_report.SECURITY_FILE)}
    assert not triage_report.parts(every)[1]
    one = {row["id"]: {"status": "affected", "justification": "none"} for row in triaging.portal()["findings"]}
    assert sum(triage_report.vex_parts(one).values()) == 4


def test_complaints_check_the_papers_against_the_organisation(home):
    issue(organisation="Somebody else", role="neither", contact="tracker")
    said = " ".join(papers.read(triage_report.TriageReport).complaints(FIRM))
    assert "the portfolio is that of Kessel Controls" in said and "manufacturer" in said and "private way" in said
    assert "Its author is Somebody else" in papers.read(vex_file.Vex).complaints(FIRM)[0]
    paper = papers.read(triage_report.TriageReport)
    row = paper.rows[0].model_copy(update={"tier": "say"})
    assert any("one is wrong" in line for line in paper.model_copy(update={"rows": (row,)}).complaints(FIRM))
    steward = paper.model_copy(update={"role": "steward"}).complaints(FIRM)
    assert any("no steward" in line for line in steward)
    twice = papers.read(vex_file.Vex)
    twice = twice.model_copy(update={"statements": (*twice.statements, twice.statements[0])})
    assert any("says two things" in line for line in twice.complaints(FIRM))


@pytest.mark.parametrize("whose", organisation.INVENTED.values(), ids=lambda one: one.segment)
def test_each_organisation_is_told_what_it_means(whose):
    said = triage_report.for_us(whose)
    assert len(said) == len(set(said)) >= 2
    assert any("24 hours" in line for line in said) == whose.ships_products


def test_the_papers_stand_on_the_shelf():
    names = [kind.NAME for kind in portfolio.kinds()]
    assert names.index("triage-report") + 1 == names.index("vex")
