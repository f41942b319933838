"""The views of "One office, many forms", and the figures of its prose counted another way."""

import csv
import itertools
import re
from functools import cache
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from ospolab.data import TABLES
from ospolab.lessons import offices
from ospolab.portfolio import charter
from ospolab.portfolio.organisation import INVENTED, SEGMENTS

LESSON = Path(__file__).resolve().parents[1] / "notebooks/foundations/one-office-many-forms.ipynb"


def prose() -> str:
    cells = nbformat.read(LESSON, as_version=4).cells
    return " ".join(" ".join(cell.source.split()) for cell in cells if cell.cell_type == "markdown")


@cache
def bare_rows():
    with (TABLES / "survey_ospo.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def counted(year, question, segment, *answers):
    """Respondents of `answers` together and their base, from the bare file."""
    rows = [
        row for row in bare_rows() if (row["year"], row["question"], row["segment"]) == (str(year), question, segment)
    ]
    (base,) = {int(row["base"]) for row in rows}
    return sum(int(row["respondents"]) for row in rows if row["answer"] in answers), base


def have(year, segment):
    return counted(year, "has_ospo", segment, "yes", "yes_formal", "yes_informal")


# An interval


@pytest.mark.parametrize(
    ("yes", "base", "low", "high"),
    # By hand: at the ends z² / (n + z²) with z² = 3.8415, in the middle 0.5 ± 0.5 z / sqrt(n + z²); the last from
    # Newcombe (1998).
    [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_interval_against_known_values(yes, base, low, high):
    assert offices.wilson(yes, base) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("base", [1, 7, 29, 400])
def test_ends_of_an_interval_are_where_the_score_test_turns(base):
    for yes in range(0, base + 1, max(1, base // 7)):
        for end in offices.wilson(yes, base):
            distance = abs(yes / base - end)
            assert distance == pytest.approx(1.959964 * (end * (1 - end) / base) ** 0.5, abs=1e-6)


@pytest.mark.parametrize("wrong", [(-1, 10), (11, 10), (0, 0), (1, 2, 0), (1, 2, 1)])
def test_an_interval_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="no interval"):
        offices.wilson(*wrong)


def test_a_verdict_never_contradicts_the_interval_beside_it():
    # 6 of 21 reach to 49.96 %, which is printed as 50.
    assert offices.verdict(6, 21) == offices.verdict(15, 21) == "cannot be said"
    # 60 of 110 begin at 45 %, 50 of 110 end at 55 %.
    assert offices.verdict(60, 110) == offices.verdict(50, 110) == "cannot be said"
    assert [offices.verdict(yes, 50) for yes in (13, 21, 33)] == ["a minority", "cannot be said", "a majority"]


# The explorer

YEARS = range(2018, 2025)


def combinations():
    return [(y, s, c) for y in YEARS for s, c in itertools.product(offices.segments(y), offices.COUNTED)]


def chosen(explorer, **values):
    for name, value in values.items():
        explorer.controls[name].value = value
    return re.sub(r"<[^>]+>", "", explorer.sentence.value), explorer.picture_now.value


def test_the_explorer_answers_every_combination_it_offers():
    explorer = offices.explorer()
    assert set(explorer.controls["year"].options) == set(YEARS)
    for year, segment, what in combinations():
        # A drawing takes a while; the sentence and the rows it draws come from the same call.
        table = offices.readings(year, segment)
        if what == "formal only" and year < 2022:
            assert what not in table.index
            continue
        row = table.loc[what]
        answers = {"formal only": ["yes_formal"], "with informal": ["yes_formal", "yes_informal", "yes"]}.get(
            what, ["yes_formal", "yes_informal", "yes", "planned"]
        )
        assert (row.yes, row.of) == counted(year, "has_ospo", segment, *answers)


@pytest.mark.parametrize("year", YEARS)
def test_the_explorer_offers_what_the_year_has_and_tells_it(year):
    explorer = offices.explorer()
    explorer.controls["year"].value = year
    explorer.controls["segment"].value = "all"
    explorer.controls["year"].value = 2020 if year == 2023 else 2023
    explorer.controls["year"].value = year
    offered = [name for _, name in explorer.controls["segment"].options]
    assert offered == offices.segments(year)
    for segment in (offered[0], offered[-1]):
        said, _ = chosen(explorer, segment=segment, counted="with informal")
        assert "{} of {} have one".format(*have(year, segment)) in said


def test_a_segment_stays_chosen_while_the_year_has_it():
    explorer = offices.explorer()
    chosen(explorer, segment="size:11-49", year=2024)
    assert explorer.controls["segment"].value == "size:11-49"
    said, _ = chosen(explorer, year=2018)
    assert explorer.controls["segment"].label == "11 to 49 people (no figure in 2018)"
    assert "has no group “11 to 49 people”; here is everybody instead. Everybody who answered, 2018: 280 of 748" in said
    chosen(explorer, year=2024)
    assert explorer.controls["segment"].label == "11 to 49 people"


def test_who_plans_an_office_is_not_said_to_have_one():
    said, _ = chosen(offices.explorer(), counted="with planned")
    assert "33 of 50 have or plan one" in said and "Do most have or plan one? Yes, a majority." in said


def test_what_counts_flips_the_conclusion():
    explorer = offices.explorer()
    said = [chosen(explorer, counted=what)[0] for what in offices.COUNTED]
    assert [next(v for v in ("a minority", "cannot be said", "a majority") if v in s) for s in said] == [
        "a minority",
        "cannot be said",
        "a majority",
    ]


def test_few_answers_say_so_and_many_do_not():
    explorer = offices.explorer()
    assert (
        "Only 12 answered: one more or less moves the share by 8 points"
        in (chosen(explorer, year=2024, segment="sector:government")[0])
    )
    assert "Only" not in chosen(explorer, segment="size:20000_plus")[0]


def test_what_a_year_did_not_ask_is_answered_kindly():
    explorer = offices.explorer()
    said, picture = chosen(explorer, segment="all", year=2019, counted="formal only")
    assert "Filled" not in picture
    assert said == "In 2019 one yes stood for formal and informal: formal only cannot be counted."
    assert "with informal: 36 %" in picture


def test_every_picture_says_its_numbers():
    first = offices.opening().alt
    for segment, share in [("20,000 people and more", 88), ("1,000 to 9,999 people", 72), ("government", 52)]:
        assert re.search(rf"{segment} \(\d+ answers\): {share} %", first)
    assert "with informal: 42 %, 29 to 56 %" in offices.explorer().summary()


# Figures of the prose


def test_figures_of_the_survey():
    text = prose()
    assert counted(2023, "has_ospo", "size:11-49", "yes_formal") == (13, 50)
    assert counted(2023, "has_ospo", "size:11-49", "yes_informal") == (8, 50)
    assert counted(2023, "has_ospo", "size:11-49", "planned") == (12, 50)
    assert counted(2023, "has_ospo", "size:11-49", "no") == (17, 50)
    assert counted(2023, "has_ospo", "size:20000_plus", "yes_formal") == (71, 110)
    assert counted(2023, "has_ospo", "size:20000_plus", "yes_informal") == (26, 110)
    assert (have(2023, "sector:education"), have(2023, "sector:government")) == ((12, 29), (11, 21))
    for sentence in (
        "13 have a formal office",
        "8 have an informal one",
        "12 plan one, and 17 have none",
        "71 formal and 26 informal, of 110",
        "12 had an office, formal or informal: 41 %, and 26 to 59 % fit",
        "*everybody*: 33 % in 2021, 50 % in 2022, 66 % in 2023, and 45 % in 2024",
        "12 % of education had an office in 2018, 48 % of academia in 2024",
        "99 of 287, IT 66, the head of technology 46",
        "31 against 22 of 100",
        "30 chose education, 27 academia; 22 chose government as their sector and 28 as their type",
    ):
        assert sentence in text
    for year, share in {2021: 33, 2022: 50, 2023: 66, 2024: 45}.items():
        yes, base = have(year, "all")
        assert round(100 * yes / base) == share
    assert (have(2018, "sector:education"), have(2024, "sector:academia")) == ((3, 26), (10, 21))


def test_figures_of_the_places():
    def sits(year, place, segment="all"):
        return counted(year, "reporting_location", segment, place)

    assert [sits(2023, place)[0] for place in ("engineering", "it", "cto_office")] == [99, 66, 46]
    assert (sits(2023, "it", "size:1000-9999"), sits(2023, "engineering", "size:1000-9999")) == ((31, 100), (22, 100))
    # "Their intervals overlap."
    assert offices.wilson(31, 100)[0] < offices.wilson(22, 100)[1]
    table = offices.homes()
    assert list(table.loc["IT"]) == [
        round(100 * k / n) for k, n in (sits(y, "it") for y in (2018, 2021, 2022, 2023, 2024))
    ]
    assert list(table.loc["faculty committee"])[:3] == ["–", "–", "–"]
    for year in table.columns:
        assert max(table[year].replace("–", 0)) == table.loc["engineering", year]


def test_the_same_year_asked_two_questions():
    numbers = {
        (question, answer): counted(2023, question, "all", answer)[0]
        for question, answer in itertools.product(
            ("sector", "organisation_type"), ("education", "academia", "government")
        )
    }
    assert {key: number for key, number in numbers.items() if number} == {
        ("sector", "education"): 30,
        ("sector", "government"): 22,
        ("organisation_type", "academia"): 27,
        ("organisation_type", "government"): 28,
    }


def test_the_trap_holds_for_its_intervals_and_for_everybody():
    table = offices.through_the_years()
    assert list(table["have one"]) == ["12 %", "20 %", "21 %", "38 %", "41 %", "48 %"]
    # "hardly touch": the upper end of the first year and the lower end of the last are a point apart.
    assert abs(offices.wilson(3, 26)[1] - offices.wilson(10, 21)[0]) < 0.015
    for year, row in table.iterrows():
        yes, base = have(year, "all")
        assert row.everybody == f"{round(100 * yes / base)} %"


# The charter


def test_a_table_of_sentences_keeps_them_whole():
    table = offices.copied_charter()
    shown = BeautifulSoup(offices.wrapped(table).data, "html.parser")
    rows = [[cell.get_text() for cell in row(["th", "td"])] for row in shown("tr")]
    assert rows[0] == ["no.", "sentence", "no place in"]
    assert rows[2] == ["2", table.sentence[2], "education"]
    assert len(rows) == 7


def test_the_opening_quotes_the_charter_of_the_course():
    opening = nbformat.read(LESSON, as_version=4).cells[0].source
    words = [charter.clauses()[key].words for key in offices.COPIED]
    assert re.findall(r"(?m)^\d\. (.+)$", opening) == words
    assert list(offices.copied_charter().sentence) == words


def test_who_cannot_sign_which_sentence():
    def falls(segment):
        return [at for at, key in enumerate(offices.COPIED, 1) if key in charter.out_of_place(INVENTED[segment])]

    assert falls("government") == [4, 5, 6]
    assert falls("education") == [2, 4, 5, 6]
    assert "For the ministry 4, 5 and 6 fall; for the university 2 as well." in prose()
    shown = offices.copied_charter()["no place in"]
    for segment in SEGMENTS:
        assert [at for at, who in shown.items() if who == "all" or segment in who.split(", ")] == falls(segment)


def test_what_has_no_place_anywhere_is_named():
    for clause in charter.clauses().values():
        if clause.out_of_place == set(SEGMENTS):
            assert clause.words in prose()


def test_the_table_of_rules_holds_what_a_charter_is_checked_by():
    table = offices.rules().set_index("clause")["needed by"]
    assert len(table) == 11
    assert sum("ships" in who for who in table) == 2
    assert list(table).count("all") == 1
    for segment, organisation in INVENTED.items():
        shown = {
            clause
            for clause, who in table.items()
            if who == "all" or segment in who.split(", ") or ("ships" in who and organisation.ships_products)
        }
        assert shown == {charter.clauses()[key].words for key in charter.required(organisation)}


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("univercity", "education"), ("Buisness", "business"), ("goverment", "government"), ("NGO", "non-government")],
)
def test_a_skeleton_of_another_word_names_the_five_and_the_nearest(word, nearest):
    with pytest.raises(ValueError, match=f'"{word}" is no segment') as caught:
        offices.skeleton(word)
    assert all(segment in str(caught.value) for segment in SEGMENTS)
    assert str(caught.value).endswith(f'Did you mean "{nearest}"?')
    with pytest.raises(ValueError, match=r"non-government\.$"):
        offices.skeleton("xyz")


def test_the_surveys_keys_are_shown_in_words():
    table = pd.DataFrame({"yes_formal": [1], "question": ["organisation_type"]}, index=["size:11-49"])
    shown = offices.worded(table)
    assert (list(shown.columns), list(shown.index)) == (["formal", "question"], ["11 to 49 people"])
    assert shown.loc["11 to 49 people", "question"] == "organisation type"
    outputs = [
        output.get("data", {})
        for cell in nbformat.read(LESSON, as_version=4).cells
        for output in cell.get("outputs", [])
    ]
    tables = " ".join(BeautifulSoup(data.get("text/html", ""), "html.parser").get_text(" ") for data in outputs)
    assert re.findall(r"\b(?:size|sector):\S+|\b[a-z]+_[a-z]+\b", tables.replace("survey_ospo", "")) == []


@pytest.mark.parametrize("segment", SEGMENTS)
def test_a_skeleton_holds_every_clause_its_house_needs(segment):
    page = offices.skeleton(segment).data
    assert INVENTED[segment].name in page
    wanted = [charter.clauses()[key].sentence for key in charter.required(INVENTED[segment])]
    assert re.findall(r"(?m)^   - (.+)$", page) == wanted
    assert "not legal advice" in page


def test_the_five_organisations_are_told_by_five_things():
    table = offices.organisations()
    assert list(table.columns) == ["sector", "size", "region", "ships", "uses open source"]
    assert list(table["size"]) == [f"{one.people:,}" for one in INVENTED.values()]
    assert list(table["ships"])[:2] == ["devices, an app", "research with code"]
    assert "With 34 people" in prose()
    assert "with 6,400" in prose()
