"""The business case: from complete answers only, its chart beside it, and what of it does not hold."""

import xml.etree.ElementTree as ElementTree

import pytest

from ospolab import portfolio
from ospolab.portfolio import business_case, papers
from ospolab.portfolio.business_case import BusinessCase
from ospolab.portfolio.organisation import INVENTED


def case(**changes):
    return {
        "reader": "cfo",
        "patch": "retry",
        "years": 3,
        "range": {"rate": {"low": 60, "likely": 80, "high": 110}},
        "keep-low": 4300,
        "keep-high": 11800,
        "give-low": 2000,
        "give-high": 10200,
        "advice": "give",
        "turns": "redo",
        "beyond": "Repairs of security holes reach us sooner.",
        "measures": ["hours", "taken"],
        "decision": "Forty hours by March 2027.",
        "review": 6,
        **changes,
    }


def test_it_is_written_from_complete_answers_only(home):
    assert business_case.issue({}).startswith("Not written yet")
    assert business_case.issue(case(range={})).startswith("Not written yet")
    assert business_case.issue({k: v for k, v in case().items() if k != "decision"}).startswith("Not written yet")
    assert not (home / "portfolio").exists()


def test_the_page_and_its_chart(home):
    shown = business_case.issue(case())
    paper = portfolio.read(BusinessCase)
    text = (home / "portfolio" / "business-case.md").read_text("utf-8")
    assert "Before it goes out" not in shown and "97 of 100" in text and "release 9, in about 14 months" in text
    assert "Do nothing: keep carrying it | 4,300 to 11,800" in text
    # The picture is beside the paper, and the notebook finds it from where it stands.
    assert "](business-case.svg)" in text and "](portfolio/business-case.svg)" in shown
    drawing = ElementTree.parse(home / "portfolio" / "business-case.svg").getroot()
    assert drawing.get("aria-label").startswith("Two rising lines")
    assert drawing.get("color") == "#767676"
    assert paper.inputs["trouble"].likely == 0.8 and paper.invented
    assert paper.complaints(INVENTED["business"]) == []
    assert papers.state(BusinessCase, INVENTED["business"]).word == "sound"


def test_an_own_patch_is_not_called_invented(home):
    rows = {"releases": 12, "check": 2, "trouble": 40, "redo": 5, "offer": 25, "accepted": 80, "wait": 3, "glue": 10}
    own = {row: {"low": value, "likely": value, "high": value} for row, value in rows.items()}
    given = case(patch="own", own=own, **{"own-patch": "Reads old files", "turns": "offer"})
    shown = business_case.issue(given)
    assert "Business case: Reads old files" in shown and "invented" not in shown


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"keep-low": 8000, "keep-high": 8000}, "a range, from a lower to a higher"),
        ({"give-low": 4000}, "giving it back comes to"),
        ({"advice": "keep"}, "does not bear it"),
        ({"turns": "glue"}, "one of the three longest bars"),
        (
            {"years": 1, "turns": "rate", "keep-low": 1400, "keep-high": 3900, "give-low": 1700, "give-high": 4700},
            "does not turn the decision",
        ),
        ({"measures": ["hours", "stars"]}, "A vanity metric: stars"),
        ({"decision": "We should do more of this."}, "No figure stands in the decision"),
        ({"review": 24}, "more than a year"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_said(home, changes, says):
    shown = business_case.issue(case(**changes))
    assert "**Before it goes out:**" in shown and says in shown
    (problem,) = portfolio.read(BusinessCase).complaints(INVENTED["business"])
    assert says in problem
    assert sum(business_case.parts(case(**changes))) == 3


def test_asking_first_holds_where_a_yes_could_pay():
    assert business_case.parts(case(advice="ask"))[1]
    small = case(patch="branding", advice="ask")
    assert "even a sure yes would pay in 1 of 100" in business_case.findings(small)[1]
    # One that the money says to keep, which a sure yes would leave undecided.
    assert business_case.parts(case(patch="alarm", advice="ask"))[1]
    assert not business_case.parts(case(patch="alarm", advice="give"))[1]
    # Where money does not decide, each advice can stand.
    for advice in ("give", "keep", "ask"):
        assert business_case.parts(case(patch="alarm", years=5, advice=advice))[1]


def test_the_page_says_whether_it_may_be_given(home):
    assert "not checked yet" in business_case.issue(case())
    assert "Ours to give" not in business_case.issue(case(patch="branding", advice="keep", cleared="yes"))


def test_it_is_for_somebody_who_is_there(home):
    business_case.issue(case(reader="pi"))
    paper = portfolio.read(BusinessCase)
    assert any("principal investigator" in said for said in paper.complaints(INVENTED["business"]))
    assert any("is that of University" in said for said in paper.complaints(INVENTED["education"]))


def test_open_parts_earn_nothing():
    assert business_case.parts({}) == [False] * 4
    assert business_case.parts({"patch": "retry", "years": 3, "range": case()["range"]}) == [False] * 4


def test_facts_changed_by_hand_are_read_again(home):
    business_case.issue(case())
    path = home / "portfolio" / "business-case.md"
    path.write_text(path.read_text("utf-8").replace("low: 60.0", "low: 600.0"), encoding="utf-8")
    assert papers.state(BusinessCase, INVENTED["business"]).word == "failing"
