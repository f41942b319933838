"""Stages read cumulatively, and the paper that places an organisation on them."""

import copy

import pytest
import yaml

from ospolab import maturity, portfolio, survey
from ospolab.authoring import cases
from ospolab.portfolio import maturity_placement as placement
from ospolab.portfolio import papers
from ospolab.portfolio.maturity_placement import MaturityPlacement
from ospolab.portfolio.organisation import INVENTED

EVERYTHING = [*maturity.items()]
STAGE = {stage: [id_ for id_ in EVERYTHING if id_.startswith(f"{stage}-")] for stage in (1, 2, 3, 4)}


def test_evidence_of_the_model():
    assert {stage: of for stage, (_, of) in maturity.held(()).items()} == {1: 9, 2: 8, 3: 6, 4: 6}
    assert sum(of for stage, (_, of) in maturity.held(()).items() if stage <= 3) == 23
    assert maturity.items()["1-5"].words == "organisation-wide component inventory"


@pytest.mark.parametrize(
    ("shown", "stage"),
    [
        ([], 0),
        (EVERYTHING, 4),
        (STAGE[1], 1),
        (STAGE[1] + STAGE[2], 2),
        (STAGE[1] + STAGE[3], 1),
        (STAGE[2] + STAGE[3] + STAGE[4], 0),
        ([id_ for id_ in EVERYTHING if id_ != "1-5"], 0),
        ([id_ for id_ in EVERYTHING if id_ != "4-6"], 3),
    ],
)
def test_stage_is_the_last_before_the_first_gap(shown, stage):
    assert maturity.stage_of(shown) == stage
    assert maturity.stage_of([*reversed(shown), *shown]) == stage
    assert all(maturity.items()[gap].stage == stage + 1 for gap in maturity.next_gaps(shown))


def test_gaps_and_what_is_there_above_them():
    shown = STAGE[1][:-1] + STAGE[2] + ["3-1"]
    assert maturity.next_gaps(shown) == ["1-9"]
    assert maturity.behind(shown) == STAGE[2] + ["3-1"]
    assert maturity.next_gaps(EVERYTHING) == []
    assert maturity.behind(EVERYTHING) == []


@pytest.mark.parametrize(("least", "stage"), [(1, 0), (8 / 9, 2), (0.5, 3)])
def test_enough_is_a_choice(least, stage):
    shown = STAGE[1][:-1] + STAGE[2] + STAGE[3][:3]
    assert maturity.stage_of(shown, least) == stage


def test_what_is_no_evidence_is_refused():
    with pytest.raises(ValueError, match="9-9"):
        maturity.stage_of(["9-9"])
    with pytest.raises(ValueError, match="least"):
        maturity.stage_of([], 0)


# ----------------------------------------------------------------------------------------------------------- the paper


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / ".ospolab").mkdir()
    (inside := tmp_path / "exercises" / "one").mkdir(parents=True)
    monkeypatch.chdir(inside)
    return tmp_path


def answers(student="reference"):
    given = cases.case("enabler-strategy", student)["answers"]
    evidence = {
        table: {id_: {key: value for key, value in row.items() if value is not None} for id_, row in rows.items()}
        for table, rows in given["evidence"].items()
    }
    form = {key: value for key, value in given["placement"].items() if value is not None}
    return evidence, form, {key: value for key, value in given["work"].items() if value is not None}


def changed(student="reference", **new):
    evidence, form, work = copy.deepcopy(answers(student))
    form.update(new)
    return evidence, form, work


@pytest.mark.parametrize("student", ["reference", "right-ministry", "right-small-ngo", "right-university"])
def test_right_papers_hold_for_their_organisations(home, student):
    evidence, form, work = answers(student)
    assert placement.parts(evidence, form, work) == [1, 1, 1, 1]
    whose = next(one for one in INVENTED.values() if one.name == form["organisation"])
    papers.write(whose)
    text = placement.issue(evidence, form, work)
    paper = portfolio.read(MaturityPlacement)
    assert paper.complaints(whose) == []
    assert f"We are at stage {form['stage']}" in text
    assert f"{form['base']} people answered for a house" in text
    assert (
        f"{form['yes']} said that it has an office, {survey.formal_of_band(form['people'])} of them a formal one"
        in text
    )
    assert "not hold yet" not in text
    for where in placement.proven(evidence).values():
        assert where in text


def test_the_text_says_what_the_range_stands_on(home):
    assert "over the 110 hours" in placement.issue(*answers())
    text = placement.issue(*answers("right-ministry"))
    assert "the 17 offices in houses of 250 to 999 people" in text
    assert "neither full-time posts nor a norm" in text
    assert "3 to 10 or more heads" in text


@pytest.mark.parametrize(
    ("new", "part"),
    [
        ({"stage": "1"}, 0),
        ({"low": 5, "high": 10}, 2),
        ({"low": 2.3, "high": 0.8}, 2),
        ({"basis": "survey"}, 2),
        ({"hours": 55}, 2),
        ({"yes": 280, "base": 748}, 3),
        ({"cannot": ["ours", "drawn", "enough", "many"]}, 3),
        ({"people": "11-49"}, 3),
    ],
)
def test_each_part_can_fail(new, part):
    held = placement.parts(*changed(**new))
    assert [value < 1 for value in held].index(True) == part


def test_what_is_shown_without_a_place_does_not_count():
    evidence, form, work = answers("right-ministry")
    del evidence["items"]["1-5"]["where"]
    assert placement.parts(evidence, form, work)[0] == 0
    assert "1-5" not in placement.proven(evidence)


@pytest.mark.parametrize("where", ["https://intranet.example/oss/owner", "LD-2026-114", "policy.pdf", "Intranet"])
def test_a_link_or_a_file_number_is_a_place(where):
    evidence, form, work = answers("right-ministry")
    evidence["items"]["1-5"]["where"] = where
    assert placement.parts(evidence, form, work)[0] == 1


def test_a_line_above_that_is_left_open_is_not_there():
    evidence, form, work = answers("right-university")
    del evidence["above"]
    assert placement.parts(evidence, form, work) == [1, 1, 1, 1]
    del evidence["items"]["2-8"]
    assert placement.parts(evidence, form, work)[:2] == [0, 0]


@pytest.mark.parametrize(("needed", "share"), [("2", 1), ("3", 1 / 3)])
def test_whoever_has_reached_the_stage_that_is_needed_needs_no_step(needed, share):
    evidence, form, work = changed("right-university", needed=needed)
    assert placement.parts(evidence, form, work)[1] == pytest.approx(share)


def test_ticking_everything_earns_no_steps():
    evidence, form, work = changed(stage="0", needed="1")
    evidence = {"items": {id_: {"state": "shown", "where": "there"} for id_ in EVERYTHING}}
    form["steps"] = {row: {**form["steps"][row], "closes": "keep"} for row in form["steps"]}
    assert placement.parts(evidence, form, work)[:2] == [0, 0]


def test_grading_says_which_part_fell_and_why(capsys):
    evidence, form, work = changed(yes=9, low=7, high=8, stage="1")
    del evidence["items"]["1-4"]["where"]
    assert placement.judged(evidence, form, work) == placement.parts(evidence, form, work)
    said = capsys.readouterr().out
    for words in ("carries stage 0", "no place is named: 1-4", "gives 0.8 to 2.3 posts", "104 of 145", "Steps: each"):
        assert words in " ".join(said.split())
    placement.judged(*answers())
    placement.judged({}, {}, {})
    assert capsys.readouterr().out == ""


def test_an_empty_form_earns_nothing_and_writes_nothing(home):
    assert placement.parts({}, {}, {}) == [0, 0, 0, 0]
    assert placement.issue({}, {}, {}).startswith("Not written yet: 17 pieces")
    evidence, form, work = answers()
    del form["because"]
    assert "not complete" in placement.issue(evidence, form, work)
    assert not (home / "portfolio" / "maturity-placement.md").exists()


def test_a_paper_for_another_organisation_does_not_speak_of_ours(home):
    text = placement.issue(*changed(organisation="Harbour Mutual"))
    assert "What it means for us" not in text
    assert "organisation.yml" not in text


def test_all_no_and_guessed_steps_earn_no_steps():
    evidence, form, work = answers()
    evidence = {"items": {id_: {"state": "no"} for id_ in EVERYTHING}}
    form["steps"] = {row: {**form["steps"][row], "closes": "2-1"} for row in form["steps"]}
    assert placement.parts(evidence, form, work)[1] == 0


@pytest.mark.parametrize(
    ("step", "before", "holds"),
    [
        ("1-5", [], True),
        ("2-2", ["1-5"], True),
        ("2-2", [], False),
        ("1-1", [], False),
        ("1-5", ["1-5"], False),
        ("", [], False),
    ],
)
def test_a_step_closes_the_lowest_gap_once(step, before, holds):
    shown = [id_ for id_ in STAGE[1] if id_ != "1-5"]
    assert placement.step_holds(step, shown, before) is holds


def test_an_office_with_two_gaps_left_needs_no_third_step():
    evidence, form, work = answers()
    left = ("4-5", "4-6")
    evidence = {
        "items": {i: {"state": "no"} if i in left else {"state": "shown", "where": "page two"} for i in EVERYTHING}
    }
    closes = dict(zip(("first", "second", "third"), (*left, "4-6"), strict=True))
    form |= {"stage": "3", "steps": {row: {**form["steps"][row], "closes": closes[row]} for row in closes}}
    assert placement.parts(evidence, form, work)[:2] == [1, 1]
    form["steps"]["second"]["closes"] = "4-5"
    assert placement.parts(evidence, form, work)[1] == pytest.approx(2 / 3)


@pytest.mark.parametrize("band", [*survey.BANDS])
def test_survey_as_basis_answers_for_every_band(band):
    lower, upper = survey.middle_half(survey.teams_of_band(band))
    low, high = survey.TEAMS[lower][0], survey.TEAMS[upper][1] or 10
    assert placement.staffing_holds("survey", band, low, high, {}, None)
    assert not placement.staffing_holds("survey", band, low, 11, {}, None)


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [(0.32, 0.6, True), (0.3, 0.6, True), (0, 1, True), (0.5, 1, False), (0.3, 2, False), (0.3, 0.4, False)],
)
def test_workload_as_basis_may_be_rounded_outwards(low, high, holds):
    work = {"requests": (20, 1, 2), "training": (4, 3, 5)}
    assert placement.staffing_holds("workload", "11-49", low, high, work, 100) is holds


def test_a_range_of_nothing_is_no_range():
    assert not placement.staffing_holds("workload", "11-49", 0, 0, {}, 100)
    assert not placement.staffing_holds("workload", "11-49", 0, 0, {"requests": (2, 1, 2)}, None)


def test_complaints_name_what_does_not_hold(home):
    evidence, form, work = changed(needed="3")
    placement.issue(evidence, form, work)
    paper = portfolio.read(MaturityPlacement)
    assert [*paper.complaints(INVENTED["non-government"])] == [
        "It is for Kessel Controls; the portfolio is that of Open Rivers."
    ]
    ours = INVENTED["business"].model_copy(update={"people": 34, "uses": ("internally",)})
    said = " ".join(paper.complaints(ours))
    for words in ("1,000 to 9,999 people", "publishes none"):
        assert words in said
    path = home / "portfolio" / "maturity-placement.md"
    facts = yaml.safe_load(path.read_text().split("---")[1])
    wrong = {**facts, "stage": 3, "low": 9, "high": 10, "yes": 1, "said": ["9-9"]}
    wrong.pop("paper")
    assert "no evidence 9-9" in " ".join(MaturityPlacement(**wrong).complaints(INVENTED["business"]))
    said = " ".join(MaturityPlacement(**{**wrong, "said": []}).complaints(INVENTED["business"]))
    for words in ("claims stage 3", "does not follow from its basis", "1 of 145 are not the counts"):
        assert words in said


@pytest.mark.parametrize("segment", [*INVENTED])
def test_every_sector_is_told_what_the_stages_mean(segment):
    assert placement.for_us(INVENTED[segment])
