"""The views of the lab on bills of materials, and the two papers it issues."""

import json

import pytest
import yaml

from ospolab import course, sbom
from ospolab.data import document
from ospolab.lessons import materials
from ospolab.portfolio import papers, sbom_file, sbom_report
from ospolab.portfolio.organisation import INVENTED

CASE = yaml.safe_load((course.root() / "tests/exercises/enabler-compliance/reference.yml").read_text(encoding="utf-8"))
CASE = CASE["answers"]
FIRM = INVENTED["business"]


def issue(fields=CASE["fields"], gate=CASE["gate"], **change):
    report = {key: value for key, value in {**CASE["report"], **change}.items() if value is not None}
    return sbom_report.issue(report, fields, gate)


# Views


def test_the_explorer_answers_every_setting_and_its_conclusion_changes():
    explorer, passed = materials.explorer(), set()
    for name in (*materials.LISTS, materials.COMPLETED):
        for demand in materials.DEMANDS:
            for way in materials.WAYS:
                for least in (50, 100):
                    sentence, picture = explorer.view(name=name, demand=demand, way=way, least=least)
                    assert "valid by its schema" in sentence and picture.alt
                    if "<b>It passes" in sentence:
                        passed.add((name, demand, way))
    seven, eleven = materials.DEMANDS
    assert passed == {(materials.COMPLETED, seven, "usable, or marked unknown")}
    few, many = (explorer.view(materials.COMPLETED, eleven, "it is usable", least)[0] for least in (80, 85))
    assert "licence" not in few and "licence" in many


def test_the_figures_of_the_lesson_are_those_of_the_lists():
    kinds = materials.kinds(document("course.cdx.json"))
    assert kinds.sum() == 206 and kinds["nothing"] == 4 and kinds.iloc[0] == 154
    assert "206" in materials.opening().alt and "154" in materials.opening().alt
    scores = materials.scores()
    assert (scores.loc[["supplier", "author"]] == 0).all(axis=None)
    assert (scores.loc["relationship"] > 0).sum() == 1
    gated = materials.gated()
    assert gated.verdict.value_counts().to_dict() == {"pass": 14, "ask": 7}
    assert gated.index[-3] == "unidecode" or gated[gated.verdict == "ask"].index[-1] == "unidecode"


def test_the_three_fields_are_shown_without_the_answer_of_the_tool():
    shown = materials.packages_to_settle().data
    assert "in the list" not in shown and "Dual License" in shown
    assert materials.fields("matplotlib 3.11.2")["in the list"].item() == "Python-2.0"
    assert "verdict" not in materials.to_gate().data
    assert set(materials.TO_GATE) == set(CASE["gate"]["changes"])
    assert set(materials.SETTLED) == set(CASE["fields"]["fields"])


def test_the_gate_gives_the_verdicts_of_the_exercise_but_for_what_a_person_knows():
    gated = materials.gated().verdict
    differ = [name for name, given in CASE["gate"]["changes"].items() if gated[name] != given["verdict"]]
    assert differ == ["unidecode"]


def test_validator_and_score_notice_what_the_exercise_says_they_notice():
    good = {"version": "1", "licenses": [{"license": {"id": "MIT"}}]}
    wrong = {
        "version": {"version": ""},
        "apache": {"licenses": [{"license": {"id": "Apache 2.0"}}]},
        "gpl": {"licenses": [{"expression": "GPL"}]},
        "libary": {"type": "libary"},
        "licence": {"licenses": [], "licence": "MIT"},
        "serial": {},
        "other": {"version": "2"},
    }
    before = sbom.completeness(materials.edited(**good), sbom.CISA_DRAFT).usable
    for row, change in wrong.items():
        bom = materials.edited(**good | change)
        if row == "serial":
            bom["serialNumber"] = "42"
        seen = {"validator"} if sbom.problems(bom) else set()
        if (sbom.completeness(bom, sbom.CISA_DRAFT).usable < before).any():
            seen.add("score")
        said = "both" if len(seen) == 2 else "".join(seen) or "neither"
        assert said == CASE["notice"]["wrong"][row]["who"], row


# Papers


def test_both_papers_are_written_and_hold(home):
    said = issue(organisation=None)
    assert "Quality report" in said and "sbom.cdx.json" in said
    file, paper = papers.read(sbom_file.Sbom), papers.read(sbom_report.SbomReport)
    assert file.complaints(FIRM) == [] and paper.complaints(FIRM) == []
    assert sbom.problems(json.loads((home / "portfolio/sbom.cdx.json").read_text(encoding="utf-8"))) == []
    assert paper.valid and paper.components == 24
    for text in (papers.render(file), papers.render(paper)):
        assert "{" not in text and "None" not in text


def test_the_file_has_what_only_a_person_knows(home):
    issue(organisation="City library", phase="post-build", claim="unknown", supplier="unknown")
    raw = json.loads((home / "portfolio/sbom.cdx.json").read_text(encoding="utf-8"))
    assert raw["metadata"]["manufacturer"] == {"name": "City library"}
    assert raw["metadata"]["lifecycles"] == [{"phase": "post-build"}]
    assert raw["compositions"][0]["aggregate"] == "unknown"
    assert all("supplier" not in one and one["properties"][0]["value"] == "unknown" for one in raw["components"])
    licences = {one["name"]: one["licenses"] for one in raw["components"]}
    assert licences["Unidecode"] == [{"license": {"id": "GPL-2.0-or-later", "acknowledgement": "concluded"}}]
    assert "name" in licences["itsdangerous"][0]["license"] and licences["certifi"][0]["license"]["id"] == "MPL-2.0"


def test_a_supplier_that_nobody_has_looked_up_is_marked_and_not_invented(home):
    issue(supplier="project")
    raw = json.loads((home / "portfolio/sbom.cdx.json").read_text(encoding="utf-8"))
    named = {one["name"]: one["supplier"]["name"] for one in raw["components"] if "supplier" in one}
    assert named["Flask"] == "Pallets" and len(named) == len(sbom_file.SUPPLIERS) == 10
    marks = [one.get("properties") for one in raw["components"] if "supplier" not in one]
    assert marks == [[sbom.unknown("supplier")]] * 14
    row = next(one for one in papers.read(sbom_report.SbomReport).elements if one.element == "supplier")
    assert (row.written, row.usable, row.marked) == (42, 42, 58)


def test_reading_the_text_first_takes_the_false_id_out(home):
    fields = {"fields": {**CASE["fields"]["fields"], "unidecode": {"write": "text"}, "click": {"write": "classifier"}}}
    issue(fields=fields)
    raw = json.loads((home / "portfolio/sbom.cdx.json").read_text(encoding="utf-8"))
    assert "GPL" not in json.dumps([one["licenses"] for one in raw["components"] if one["name"] == "Unidecode"])
    unclear = papers.read(sbom_report.SbomReport).unclear
    assert {"Unidecode", "click", "itsdangerous", "text-unidecode"} <= set(unclear)


def test_a_changed_answer_makes_the_next_version_of_the_same_list(home):
    issue()
    first = (home / "portfolio/sbom.cdx.json").read_bytes()
    issue()
    assert (home / "portfolio/sbom.cdx.json").read_bytes() == first
    issue(phase="post-build")
    old, new = json.loads(first), json.loads((home / "portfolio/sbom.cdx.json").read_bytes())
    assert new["serialNumber"] == old["serialNumber"] and (old["version"], new["version"]) == (1, 2)


@pytest.mark.parametrize(
    ("missing", "word"), [("phase", "not complete"), ("decision", "not complete"), ("owner", "not complete")]
)
def test_nothing_is_written_from_half_a_form(home, missing, word):
    assert word in issue(**{missing: None})
    assert "task 1" in issue(fields={})
    assert not (home / "portfolio").exists()


def test_complaints_of_the_file(home):
    issue(organisation="Kessel Controls", claim="complete")
    file = papers.read(sbom_file.Sbom)
    assert [line for line in file.complaints(FIRM) if "complete" in line]
    assert any("nobody" in line or "portfolio is that of" in line for line in file.complaints(INVENTED["education"]))
    bare = file.model_copy(update={"components": ({"type": "libary", "name": "x", "bom-ref": "x"},)})
    said = " ".join(bare.complaints(FIRM))
    assert "breaks the schema" in said and "version" in said and "relationship" in said


def test_complaints_of_the_report(home):
    issue(organisation="Kessel Controls", phase="design", supplier="index", rhythm="asked", claim="complete")
    said = " ".join(papers.read(sbom_report.SbomReport).complaints(FIRM))
    for word in ("from what was installed", "who did not make them", "each release", "nothing is missing"):
        assert word in said
    library = " ".join(papers.read(sbom_report.SbomReport).complaints(INVENTED["education"]))
    assert "each release" not in library and "portfolio is that of" in library


def test_each_part_of_the_report_fails_alone():
    assert sbom_report.parts(CASE["report"]) == [True] * 4
    wrong = {"phase": "design", "claim": "complete", "supplier": "us", "rhythm": "quarter"}
    for at, (field, value) in enumerate(wrong.items()):
        assert sbom_report.parts({**CASE["report"], field: value}) == [part != at for part in range(4)]
    assert sbom_report.parts({}) == [False] * 4


@pytest.mark.parametrize("segment", INVENTED)
def test_every_organisation_is_told_what_the_list_means_for_it(segment):
    said = sbom_report.for_us(INVENTED[segment])
    duty = "manufacturer draws up" in " ".join(said)
    assert duty == INVENTED[segment].ships_products and "11 December 2027" in " ".join(said)
    assert ("We are few" in said[-1]) == (INVENTED[segment].people < 50)
