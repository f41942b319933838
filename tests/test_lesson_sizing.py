"""The views of the lab: figures with their words, an explorer that answers each setting, the exercise's tables."""

import itertools

import pytest

from ospolab import maturity, survey
from ospolab.lessons import sizing, sizing_tasks


def test_opening_and_readings_say_what_the_headline_is_made_of():
    assert "37 % have a program, 16 % plan one, 47 % do neither" in sizing.opening().alt
    table = sizing.readings()
    assert [*table.loc["have or plan, of all"]] == [399, 748, "53 %", "50 to 57 %", "cannot be said"]
    assert table.loc["have, in a house", "of"] == 748 - 58


def test_bases_add_up():
    table = sizing.bases()
    assert table.loc["told a sector", "of"] == 471
    told, rest = table.loc["told a sector"], table.loc["did not"]
    assert (told.yes + rest.yes, told["of"] + rest["of"]) == (399, 748)


def test_every_setting_of_the_explorer_is_answered():
    explorer = sizing.explorer()
    start = {key: control.value for key, control in explorer.controls.items()}
    years, counted = explorer.controls["year"].options, explorer.controls["counted"].options
    for year, what in itertools.product(years, counted):
        sentence, figure = explorer.view(**{**start, "year": year, "counted": what})
        assert f"{year}, {what}" in sentence
        assert figure.alt
    nothing = {key: 0 if isinstance(value, int) and key != "year" else value for key, value in start.items()}
    assert "at least one size and one sector" in explorer.view(**nothing)[0]


def test_moving_a_control_changes_the_conclusion():
    explorer = sizing.explorer()
    zero = dict.fromkeys(("small", "middle", "large", "largest", "technology", "public", "others"), 0)
    said = {
        key: explorer.view(2018, "have or plan one", **{**zero, key: 50})[0] for key in ("middle", "largest", "public")
    }
    assert "a minority" in said["middle"]
    assert "a majority" in said["largest"]
    assert "a minority" in said["public"]
    explorer.controls["largest"].value = 100
    assert "74" not in explorer._start_sentence


def test_people_and_places():
    assert "1,000 to 9,999 (94)" in sizing.team_figure().alt
    table = sizing.places()
    assert [*table.loc["IT, 2023"]][:2] == [31, 100]
    assert [*table.loc["engineering, 2022"]][:2] == [20, 50]


def test_kessel_is_capped_by_one_gap():
    assert maturity.stage_of(sizing.KESSEL) == 0
    assert [maturity.stage_of(sizing.KESSEL, least) for least in (0.8, 0.75)] == [1, 3]
    assert maturity.next_gaps(sizing.KESSEL) == ["1-5"]
    assert sizing.kessel().shown.sum() == len(sizing.KESSEL) == 21
    assert "The first gap is in stage 1, so the stage is 0" in sizing.stairs(sizing.KESSEL, "Kessel").alt
    assert "There is no gap" in sizing.stairs([*maturity.items()], "All").alt
    assert sizing.stages()["needed in all"].tolist() == [9, 17, 23, 29]


@pytest.mark.parametrize(("letter", "stage", "eight_tenths"), [("A", 1, 1), ("B", 0, 2), ("C", 2, 2)])
def test_houses_of_the_exercise(letter, stage, eight_tenths):
    house = sizing_tasks.HOUSES[letter]
    assert maturity.stage_of(house["shown"]) == stage
    assert maturity.stage_of(house["shown"], 0.8) == eight_tenths
    assert not house["shown"] & house["said"]
    text = sizing_tasks.sheet(letter).data
    assert f"{letter}. {house['name']}" in text
    for id_ in house["said"]:
        assert maturity.items()[id_].words in text


def test_claims_and_bands_show_the_counts():
    text = sizing_tasks.claims().data
    for figure in ("1,384 of 2,681: 52 %", "39 to 77 %", "51 to 70 %"):
        assert figure in text
    table = sizing_tasks.bands()
    assert table["have one"].sum() == 21 + 21 + 19 + 23 + 104 + 122
    assert len(table) == len(survey.BANDS)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.51, 0.6, "a majority"),
        (0.498, 0.6, "cannot be said"),
        (0.3, 0.4949, "a minority"),
        (0.3, 0.496, "cannot be said"),
    ],
)
def test_verdict_reads_what_is_printed(low, high, said):
    assert sizing.verdict(low, high) == said
