"""Matching, severity, policy and clock (`ospolab.triage`), the rules of VEX, and the documents of the course."""

import hashlib
import json
from datetime import datetime

import pandas as pd
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ospolab import data, triage, vex
from ospolab.lessons import triaging

# Matching


@pytest.mark.parametrize(
    ("version", "introduced", "fixed", "last", "inside"),
    [
        ("1.9", "0", "1.10", "", True),
        ("1.10", "0", "1.9", "", False),
        ("1.24.2", "0", "1.24.2", "", False),
        ("3.1", "3.1", "41.0.6", "", True),
        ("2.3", "3.1", "41.0.6", "", False),
        ("2.0rc1", "1.4", "2.0", "", True),  # PEP 440: a release candidate comes before its release
        ("2.0.post1", "1.4", "2.0", "", False),
        ("1.0.0", "1.0", "2", "", True),
        ("99", "1", "", "", True),
        ("1.11.0", "0", "", "1.11.0", True),
        ("1.11.1", "0", "", "1.11.0", False),
        ("1!1.0", "0", "2018.1", "", False),  # an epoch comes before everything else
    ],
)
def test_a_version_is_matched_by_the_order_of_pep_440(version, introduced, fixed, last, inside):
    assert triage.affected(version, introduced, fixed, last) == inside


def test_what_is_no_version_is_said():
    with pytest.raises(ValueError, match='"latest" is no version by PEP 440'):
        triage.affected("latest", "0", "1.0")


def test_text_gets_wrong_what_versions_get_right():
    assert not triage.affected_as_text("5.2.0", "0", "10.0.1") and triage.affected("5.2.0", "0", "10.0.1")
    assert triage.affected_as_text("2.10", "0", "2.8.1") and not triage.affected("2.10", "0", "2.8.1")


def test_components_come_with_their_ecosystem():
    bom = {"components": [{"name": "x", "version": "1", "purl": "pkg:npm/x@1"}, {"name": "y", "version": "2"}]}
    assert triage.components(bom).to_numpy().tolist() == [["npm", "x", "1", "pkg:npm/x@1"], ["", "y", "2", ""]]


def test_an_advisory_with_several_ranges_is_one_finding_and_other_ecosystems_are_not_matched():
    parts = pd.DataFrame(
        [("pypi", "django", "2.1", ""), ("npm", "django", "2.1", "")],
        columns=["ecosystem", "package", "version", "purl"],
    )
    rows = data.load("advisories").query("advisory_id == 'PYSEC-2018-2' or package == 'django'")
    found = triage.findings(parts, rows)
    assert len(found) == found.advisory_id.nunique() == 11


def test_the_figures_that_the_table_promises():
    """Recounted with a second library: urllib3 1.24, pillow 5.2.0, django 2.1, setuptools 65.5.0."""
    from packaging.version import Version

    table = data.load("advisories")
    for package, version in (("urllib3", "1.24"), ("pillow", "5.2.0"), ("django", "2.1"), ("setuptools", "65.5.0")):
        mine = table[table["package"] == package]
        second = {
            row.advisory_id
            for row in mine.itertuples()
            if Version(row.introduced) <= Version(version) and (not row.fixed or Version(version) < Version(row.fixed))
        }
        found = triaging.findings()
        assert set(found[found["package"] == package].advisory_id) == second


def test_the_portal_is_what_the_lesson_says():
    right, text = triaging.findings(), triaging.findings(as_text=True)
    assert (len(right), len(text), right["package"].nunique()) == (113, 117, 27)
    assert triaging.compared()[["missed", "false"]].sum().tolist() == [5, 9]
    assert "PYSEC-2023-175" in set(right.advisory_id) - set(text.advisory_id)
    assert not right.cve.isin(triage.known_exploited()).any()


# Severity


@pytest.mark.parametrize(
    ("vector", "points"),
    [
        # Heartbleed, CVE-2014-0160, in the examples that FIRST gives with each version.
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
    ],
)
def test_a_vector_has_the_score_of_its_standard(vector, points):
    assert triage.score(vector) == points


def test_no_vector_is_unknown_and_a_broken_one_is_said():
    assert pd.isna(triage.score("")) and triage.severity(float("nan")) == "unknown"
    for broken in ("CVSS:2.0/AV:N", "CVSS:3.1/AV:N", "high"):
        with pytest.raises(ValueError, match="is no CVSS vector"):
            triage.score(broken)


@pytest.mark.parametrize(
    ("points", "word"),
    [(0.0, "none"), (3.9, "low"), (4.0, "medium"), (6.9, "medium"), (7.0, "high"), (9.0, "critical")],
)
def test_scores_have_words(points, word):
    assert triage.severity(points) == word


def test_a_score_beyond_the_scale_is_said():
    with pytest.raises(ValueError, match="between 0 and 10"):
        triage.severity(11)


# Policy and order


@pytest.mark.parametrize(
    ("exploited", "reach", "points", "expected"),
    [
        (True, "no", 9.8, "say"),
        (True, "unknown", None, "now"),
        (True, "yes", 2.0, "now"),
        (False, "unknown", 9.8, "look"),
        (False, "yes", 7.0, "next"),
        (False, "yes", None, "next"),
        (False, "yes", 6.9, "plan"),
    ],
)
def test_the_policy_puts_each_finding_where_it_says(exploited, reach, points, expected):
    assert triage.tier(exploited, reach, float("nan") if points is None else points) == expected
    assert expected in triage.POLICY


def test_reach_is_one_of_three():
    with pytest.raises(ValueError, match='reach is "perhaps"'):
        triage.tier(False, "perhaps", 5.0)


def test_upgrades_are_one_row_a_package_with_the_version_that_closes_all():
    todo = triaging.todo()
    assert todo.findings.sum() == 113 and todo.loc["pillow", "to"] == "10.0.1"
    assert todo.loc["py", "to"] == "" and todo.loc["idna", "to"] == "3.7"
    assert todo.index[todo.tier == "now"].tolist() == ["pillow"] == todo.index[todo.exploited].tolist()
    assert triaging.todo(by_reading=False).tier["pillow"] == "next", "matching ids alone does not find it"


def test_work_is_worked_off_week_by_week():
    todo = pd.DataFrame({"findings": [5, 3, 2], "reach": ["yes", "no", "unknown"]}, index=["a", "b", "c"])
    assert triage.work_off(todo, ["b", "a", "c"], 1).tolist() == [5, 5, 0, 0]
    assert triage.work_off(todo, ["b", "a", "c"], 1, also_unknown=True).tolist() == [7, 7, 2, 0]
    assert triage.work_off(todo, ["a", "b", "c"], 2).tolist() == [5, 0, 0]
    with pytest.raises(ValueError, match="at least one"):
        triage.work_off(todo, ["a", "b", "c"], 0)


# The clock


def test_the_clock_of_article_14():
    aware = datetime(2026, 12, 4, 16, 30)
    used = triage.clock("vulnerability", aware, fix=datetime(2026, 12, 10, 12))
    assert used == {
        "early warning": datetime(2026, 12, 5, 16, 30),
        "notification": datetime(2026, 12, 7, 16, 30),
        "final report": datetime(2026, 12, 24, 12),
    }
    assert triage.clock("vulnerability", aware)["final report"] is None, "without a fix there is no date yet"
    early = triage.clock("incident", aware, notified=datetime(2027, 1, 31, 9))["final report"]
    assert early == datetime(2027, 2, 28, 9), "a month from the notification, at the end of a short month"
    assert triage.clock("incident", aware)["final report"] == datetime(2027, 1, 7, 16, 30)
    with pytest.raises(ValueError, match="expected vulnerability or incident"):
        triage.clock("scare", aware)


# The rules of VEX


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        (("not_affected", None), "needs a justification"),
        (("not_affected", "we_think_so"), "expected one of component_not_present"),
        (("not_affected", "component_not_present", None, "words"), "refused by one version"),
        (("fixed", "component_not_present"), "has no meaning"),
        (("under_investigation", "component_not_present"), "has no meaning"),
        (("affected", None), "needs an action statement"),
        (("probably", None), "expected one of not_affected"),
    ],
)
def test_what_openvex_refuses(claim, says):
    assert says in vex.problem(*claim)


@pytest.mark.parametrize(
    "claim",
    [
        ("not_affected", "component_not_present"),
        ("not_affected", None, None, "why, in words"),
        ("affected", None, "upgrade"),
        ("fixed", None),
        ("under_investigation", None),
    ],
)
def test_what_openvex_accepts(claim):
    assert vex.problem(*claim) is None


def test_a_statement_that_holds_and_one_that_does_not():
    facts = {
        "vulnerability": {"name": "CVE-2020-1"},
        "products": [{"@id": "pkg:generic/portal@1"}],
        "status": "not_affected",
    }
    with pytest.raises(ValueError, match="needs a justification"):
        vex.Statement(**facts)
    with pytest.raises(ValueError, match="@id"):
        vex.Statement(**{**facts, "products": [{"@id": "portal"}]}, justification="component_not_present")
    assert vex.Statement(**facts, justification="component_not_present").products[0].id == "pkg:generic/portal@1"


# Documents


def test_documents_are_registered_as_they_are():
    files = {path.name for path in data.DOCUMENTS.iterdir()} - {"register.yml"}
    assert files == set(data.documents())
    for name, entry in data.documents().items():
        assert entry["sha256"] == hashlib.sha256((data.DOCUMENTS / name).read_bytes()).hexdigest()
        assert all(entry[key] for key in ("title", "kind", "source", "date", "licence", "limits"))
    with pytest.raises(data.UnknownTable, match="All documents: field-portal"):
        data.document("nothing.json")


def test_names_are_compared_in_the_form_that_advisories_have_and_nothing_is_made_of_a_missing_version():
    parts = [("Jinja2", "2.10"), ("Py.YAML", "3.13"), ("django", None)]
    bom = {
        "components": [
            {"name": name, "purl": f"pkg:pypi/{name}"} | ({"version": at} if at else {}) for name, at in parts
        ]
    }
    found = triage.components(bom)
    assert found["package"].tolist() == ["jinja2", "py-yaml", "django"] and found.version.tolist() == [
        "2.10",
        "3.13",
        "",
    ]
    assert set(triage.findings(found, data.load("advisories"))["package"]) == {"jinja2"}
    assert triage.components({}).empty


def test_the_bill_of_materials_holds_under_the_published_schema_of_cyclonedx():
    validator = JsonStrictValidator(SchemaVersion.V1_6)  # with the schema that the library brings along
    bom = data.document("field-portal.cdx.json")
    assert validator.validate_str(json.dumps(bom)) is None
    nameless = bom | {"components": [{"type": "library"}]}
    assert "'name' is a required property" in str(validator.validate_str(json.dumps(nameless)))


def test_the_bill_of_materials_says_that_it_is_invented_and_names_each_component_once():
    bom = data.document("field-portal.cdx.json")
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert "Invented" in bom["metadata"]["component"]["description"]
    purls = [part["purl"] for part in bom["components"]]
    assert len(set(purls)) == len(purls) == 37
    assert all(
        part["bom-ref"] == part["purl"] == f"{part['purl'].split('@')[0]}@{part['version']}"
        for part in bom["components"]
    )
