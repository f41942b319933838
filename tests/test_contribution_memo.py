"""The contribution-agreement memo: from complete answers only, and what of it does not hold."""

from pathlib import Path

import pytest

from ospolab import portfolio
from ospolab.forms import definition
from ospolab.lessons import signing, signing_tasks
from ospolab.portfolio import contribution_memo, organisation
from ospolab.portfolio.contribution_memo import ContributionMemo, memo_from, parts, remarks
from ospolab.portfolio.organisation import INVENTED

FORMS = Path(__file__).resolve().parents[1] / "exercises/source/counselor-community-engagement"
NEEDS = dict.fromkeys(["patents", "company", "terms", "spread", "court"], "no") | {"record": "must", "light": "must"}


def memo(needs=None, **changes):
    return {
        "project": "a library for water meters",
        "licence": "patent",
        "contributors": "firms",
        "needs": {need: {"how": how} for need, how in (NEEDS | (needs or {})).items()},
        "instrument": "dco",
        "cost": "10 hours a year of ours",
        "other": "ccla",
        "cost-other": "60 hours a year of counsel",
        "employed": "ask-first",
        "bots": "exempt",
        "place": "stay",
        "answer": "A sign-off with each change, and no CLA.",
        "change": "A firm offers a part that it holds patents on.",
        "unchecked": ["contracts", "privacy"],
        "review": 12,
        **changes,
    }


def test_it_is_written_from_complete_answers_only(home):
    for missing in ({"bots": None}, {"needs": {"record": {"how": "must"}}}, {"place": "join"}):
        given = {
            key: value for key, value in memo(**({} if "needs" in missing else missing)).items() if value is not None
        }
        given |= {"needs": missing["needs"]} if "needs" in missing else {}
        assert contribution_memo.issue(given).startswith("Not written yet")
        assert parts(given) == [False] * 6 and remarks(given) == []
    assert not (home / "portfolio").exists()
    shown = contribution_memo.issue(memo())
    paper = portfolio.read(ContributionMemo)
    assert portfolio.render(paper) in shown and "Before it goes out" not in shown
    assert paper.complaints(INVENTED["business"]) == []
    assert "git commit -s" in shown and "60 hours a year of counsel" in shown and "# What contributors sign" in shown


@pytest.mark.parametrize("instrument", contribution_memo.INSTRUMENTS)
def test_the_guide_has_a_paragraph_for_each_instrument(home, instrument):
    shown = contribution_memo.issue(memo(instrument=instrument))
    assert "### For the contribution guide\n\n> " in shown


def test_a_home_is_named_with_what_it_asks_and_where_that_stands(home):
    shown = contribution_memo.issue(memo(place="join", home="CNCF", unchecked=["home", "privacy"]))
    assert "we ask Cloud Native Computing Foundation" in shown and "charter.md" in shown and "2026-11-28" in shown


def test_all_parts_hold_in_a_sound_memo():
    assert parts(memo()) == [True] * 6 and remarks(memo()) == []


@pytest.mark.parametrize(
    ("changes", "lost", "says"),
    [
        ({"needs": {"record": "no", "light": "no"}}, [0, 1, 3], "No need is a must"),
        ({"needs": {"patents": "must"}, "licence": "plain"}, [0, 1, 3], "together with"),
        (
            {"instrument": "none", "answer": "Nothing beyond the licence."},
            [0, 1, 3],
            "does not give: a statement of origin",
        ),
        ({"instrument": "ccla-dco", "needs": {"light": "no"}, "answer": "A CLA and a sign-off."}, [1], "asks less"),
        ({"other": "dco"}, [1], "Only one option is priced"),
        ({"employed": "team-lead"}, [2], "has to agree"),
        ({"needs": {"company": "must"}}, [0, 1, 2, 3], "a text or a letter has to say so: the employer's own yes"),
        ({"answer": "No CLA, no form; we trust people and their good sense."}, [4], "does not name"),
        ({"bots": "sign"}, [2], "A bot cannot certify"),
        ({"place": "join", "home": "ASF"}, [3], "individual CLA"),
        ({"place": "join", "home": "CNCF", "home-needs": ["keeps-name"]}, [3], "by our source, no"),
        ({"place": "join", "home": "NumFOCUS"}, [3], "Ask, and say"),
        ({"place": "found"}, [3], "years of work"),
        ({"answer": "We should talk about it soon, all of us together."}, [4], "does not name"),
        ({"cost": "not very much at all"}, [4], "A cost without a figure"),
        ({"answer": "A sign-off; ask someone@example.org."}, [4], "No addresses"),
        ({"change": "We look at it again if things change a lot."}, [5], "is no event"),
        ({"change": "Circumstances change, or the law changes."}, [5], "is no event"),
        ({"review": 36}, [5], "more than two years"),
    ],
)
def test_each_fault_costs_its_part_and_says_what_it_is(changes, lost, says):
    given = memo(**changes)
    assert [number for number, holds in enumerate(parts(given)) if not holds] == lost
    assert any(says in one for one in remarks(given)), remarks(given)


def test_an_employers_yes_that_is_a_must_needs_the_employer():
    given = memo(
        {"company": "must", "record": "no", "light": "no"}, instrument="ccla", other="dco", answer="A CLA for all."
    )
    assert parts(given) == [True, True, False, True, True, True]
    assert parts(given | {"employed": "corporate"}) == [True] * 6


def test_a_letter_of_the_employer_goes_with_every_instrument(home):
    given = memo({"company": "must"}, employed="corporate")
    assert parts(given) == [True] * 6 and remarks(given) == []
    assert "we need their yes in writing first" in contribution_memo.issue(given)
    assert "ask them first" in contribution_memo.issue(memo())
    # With a letter the lightest way still wins.
    given = memo({"company": "must", "record": "no"}, employed="corporate")
    assert parts(given) == [True, False, True, True, True, True]


@pytest.mark.parametrize(
    ("instrument", "answer", "named"),
    [
        ("none", "No CLA and no DCO: section 5 of the Apache licence says what we need.", True),
        ("none", "No form at all. Apache-2.0 brings terms and patents.", True),
        ("none", "Contributors need not sign anything.", True),
        ("none", "No. The project's licence is enough for what we do.", True),
        ("none", "Everybody signs our CLA.", False),
        ("dco", "No CLA. A sign-off with each change.", True),
        ("dco", "No DCO for now.", False),
        ("ccla", "No CLA is needed here, we only want people to sign off.", False),
        ("ccla", "We do not need a CLA.", False),
        ("ccla", "Both agreements, one from each person and one from each employer.", True),
        ("icla", "The DCO is not enough; we ask for an individual CLA.", True),
        ("ccla-dco", "Both CLAs, and a sign-off with each change.", True),
        ("ccla-dco", "A sign-off with each change, and no CLA.", False),
        ("assignment", "Rights are transferred to us.", True),
    ],
)
def test_the_short_answer_names_what_it_recommends_and_not_what_it_refuses(instrument, answer, named):
    faults = contribution_memo.answer_faults(memo_from(memo(instrument=instrument, answer=answer)))
    assert any("does not name" in one for one in faults) != named


@pytest.mark.parametrize(
    ("cost", "holds"),
    [("It costs nothing.", True), ("Half a day.", True), ("Ten hours a year.", True), ("High effort for us.", False)],
)
def test_a_cost_has_a_figure_in_digits_or_in_words(cost, holds):
    assert (contribution_memo.answer_faults(memo_from(memo(cost=cost))) == []) == holds


def test_an_event_beside_a_phrase_is_an_event():
    assert contribution_memo.event_faults(memo_from(memo(change="A firm offers a patent, or the law changes."))) == []


def test_complaints_look_at_the_organisation():
    paper = memo_from(memo(unchecked=["contracts"]))
    assert any("data protection" in one for one in paper.complaints(INVENTED["business"]))
    assert any("It is for" in one for one in paper.complaints(INVENTED["government"]))
    given = memo({"light": "no", "record": "no", "company": "must"}, instrument="ccla", employed="corporate")
    paper = memo_from(given | {"organisation": "University of Nordhaven", "contributors": "mixed"})
    assert any("Students" in one for one in paper.complaints(INVENTED["education"]))


def test_the_form_offers_what_the_paper_takes():
    form = definition.task("memo", FORMS)
    values = {field.id: {option.value for option in getattr(field, "options", [])} for field in form.fields}
    assert values["licence"] == set(contribution_memo.LICENCES)
    assert values["instrument"] == values["other"] == set(contribution_memo.INSTRUMENTS)
    assert values["employed"] == set(contribution_memo.EMPLOYED) and values["bots"] == set(contribution_memo.BOTS)
    assert values["unchecked"] == set(contribution_memo.UNCHECKED)
    assert values["home"] == set(contribution_memo.homes.homes())
    assert values["home-needs"] == set(contribution_memo.homes.FEATURES) - {"licence"}
    assert {row.value for row in form.field("needs").rows} == set(contribution_memo.NEEDS)
    assert {field.id for field in form.fields} - {"organisation", "home", "home-needs"} == set(contribution_memo.NEEDED)
    assert set(contribution_memo.FOR_US) == set(organisation.SEGMENTS)


# The views


def test_the_explorer_answers_every_setting():
    view = signing.explorer()
    kinds = set()
    for licence in contribution_memo.LICENCES:
        for how in ("no", "wish", "must"):
            for other in ("no", "must"):
                needs = dict.fromkeys(contribution_memo.NEEDS, how) | {"spread": other, "light": other}
                sentence, figure = view.view(licence=licence, **needs)
                assert "<b>" in sentence and figure.alt and "<svg" in figure.to_html()
                kinds.add(sentence.split(".")[0])
    assert "<b>Impossible" in kinds and len(kinds) > 2


def test_moving_a_need_changes_the_conclusion():
    assert "DCO 1.1" in signing.verdict("plain", ["record", "light"], [])
    assert "Impossible" in signing.verdict("plain", ["record", "light", "patents"], [])
    assert "A tie" in signing.verdict("copyleft", ["terms"], ["company", "court"])
    assert "depends on the text" in signing.verdict("plain", ["court", "company"], [])
    assert "a letter of the employer: DCO." in signing.verdict("plain", ["record", "company", "light"], [])
    assert "too: licence only, DCO, ICLA and assignment" in signing.verdict("patent", ["company", "patents"], [])
    assert "Under another licence" in signing.verdict("plain", ["spread"], [])
    assert "Nothing more" in signing.verdict("patent", [], [])
    assert signing.try_needs({}).data != signing.try_needs(memo()).data


def test_the_exercises_homes_are_a_tie_a_question_and_an_impossible_set():
    from ospolab import agreements

    found = agreements.sift(signing_tasks.HOMES, signing_tasks.MUST, signing_tasks.WISHES)
    assert found.best == ["Anchor", "Beacon"] and found.ask == ["Estuary", "Gulf"]
    assert [one for one in signing_tasks.HOMES["Anchor"] if not signing_tasks.brings_back(one)] == ["holds-money"]
    assert signing_tasks.count_key() == {"any-line": 8, "counted": 8, "signed": 6, "share": 75.0}


def test_a_row_holds_with_all_its_cells_and_its_accepted_set_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "forms.yml").write_bytes((FORMS / "forms.yml").read_bytes())
    answers = (
        "claims:\n  said:\n    valkey: {verdict: fails, because: rule}\n    half: {verdict: fails, because: rule}\n"
    )
    (tmp_path / "answers.yml").write_text(answers)
    monkeypatch.chdir(tmp_path)
    key = {
        "valkey": (("fails/window",), "Redis."),
        "half": (("fails/rule",), "One."),
        "bots": (("unknown/left-out",), "No."),
    }
    assert signing_tasks.told("claims", "said", key, ("verdict", "because")) == [False, True, False]
    said = " ".join(capsys.readouterr().out.split())
    assert "✗ “Valkey" in said and "✓ “Every" in said and "Scorecard" not in said
    assert "Accepted: “fails”, “the two years hold another project's commits”. Redis." in said
