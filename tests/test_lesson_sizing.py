"""The views of the lab: figures with their words, an explorer that answers each setting, the exercise's tables."""

import html
import itertools
import re

import pytest

from ospolab import maturity, survey
from ospolab.lessons import sizing, sizing_tasks


def words(table):
    """The text of an HTML table, cells separated by one blank."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", table.data)).split())


def test_opening_and_readings_say_what_the_headline_is_made_of():
    assert "37 % have a program, 16 % plan one, 47 % do neither" in sizing.opening().alt
    said = words(sizing.readings())
    assert "have or plan, of all 399 of 748 53 % 49.8 to 56.9 % cannot be said" in said
    assert f"have, in a house 261 of {748 - 58} 38 % 34 to 42 % a minority" in said


def test_bases_add_up():
    said = words(sizing.bases())
    (told, of), (rest, others) = (
        map(int, re.search(rf"{name} (\d+) of (\d+)", said).groups()) for name in ("told a sector", "did not")
    )
    assert (of, told + rest, of + others) == (471, 399, 748)


def test_all_weight_on_one_group():
    said = words(sizing.alone(survey.groups(2018, "sector", "have or plan one")))
    assert "education, government 12 of 48 25 % 15 to 39 % a minority" in said


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
    said = words(sizing.places())
    assert "IT, 2023 31 of 100" in said
    assert "engineering, 2022 20 of 50" in said


def test_kessel_is_capped_by_one_gap():
    assert maturity.stage_of(sizing.KESSEL) == 0
    assert [maturity.stage_of(sizing.KESSEL, least) for least in (0.8, 0.75)] == [1, 3]
    assert maturity.next_gaps(sizing.KESSEL) == ["1-5"]
    assert len(sizing.KESSEL) == 21
    assert "The first gap is in stage 1, so the stage is 0" in sizing.stairs(sizing.KESSEL, "Kessel").alt
    assert "There is no gap" in sizing.stairs([*maturity.items()], "All").alt
    assert re.findall(r" (\d+) (\d+)(?= \d |$)", words(sizing.stages())) == [
        *(("9", "9"), ("8", "17"), ("6", "23"), ("6", "29"))
    ]


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
    assert "1,000 to 9,999 104 of 145 70 72 % 64 to 78 %" in words(sizing_tasks.bands())
    assert "11 to 49 3 0 10 1 3 1" in words(sizing_tasks.teams())
    for band in survey.BANDS:
        assert sizing.band_words(band) in words(sizing_tasks.bands())


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.51, 0.6, "a majority"),
        (0.498, 0.6, "cannot be said"),
        (0.3, 0.4999, "a minority"),
        (0.3, 0.5001, "cannot be said"),
        (0.5001, 0.6, "a majority"),
    ],
)
def test_verdict(low, high, said):
    assert sizing.verdict(low, high) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.498, 0.569, "49.8 to 56.9 %"), (0.418, 0.502, "41.8 to 50.2 %"), (0.34, 0.41, "34 to 41 %")],
)
def test_an_end_next_to_half_is_printed_with_a_decimal(low, high, said):
    assert sizing._range(low, high) == said
