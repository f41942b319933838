"""The thirty messages of the lesson "What an OSPO does", and what its explorer says about them."""

import re

import pytest
from bs4 import BeautifulSoup

from ospolab import course
from ospolab.data import load, rows
from ospolab.lessons import requests

ROLES, PILLARS = course.plan()["roles"], course.plan()["pillars"]
PLACES = {f"{role}/{pillar}" for role in ROLES for pillar in PILLARS}


def named(id_: str) -> requests.Request:
    return next(request for request in requests.inbox() if request.id == id_)


def test_thirty_messages_cover_the_grid():
    ids = [request.id for request in requests.inbox()]
    assert len(ids) == len(set(ids)) == 30
    assert {request.best for request in requests.inbox()} == PLACES
    assert {request.office for request in requests.inbox()} == set(requests.ANSWERS)


@pytest.mark.parametrize("request_", requests.inbox(), ids=lambda request: request.id)
def test_a_message_is_sound(request_):
    places = (request_.best, *request_.also)
    assert set(places) <= PLACES
    assert len(places) == len(set(places)), "a place is there twice"
    assert len(places) in (3, 4), "the lesson says that each has two or three other places"
    answers = (request_.office, *request_.office_also)
    assert set(answers) <= set(requests.ANSWERS)
    assert len(answers) == len(set(answers)), "an answer is there twice"
    assert request_.subject and request_.sender and request_.text
    assert len(request_.why.split()) >= 20


def test_no_message_names_its_place():
    # A learner would match words instead of reading; "strategy" in a message is its answer.
    words = re.compile("|".join([*ROLES, *(pillar.replace("-", " ") for pillar in PILLARS)]), re.IGNORECASE)
    told = {request.id: words.findall(f"{request.subject} {request.text}") for request in requests.inbox()}
    assert {id_: found for id_, found in told.items() if found} == {}


def cells(table):
    """The rows of a table that a lesson shows, as text."""
    return [[cell.get_text() for cell in row(["td", "th"])] for row in BeautifulSoup(table.data, "html.parser")("tr")]


def test_the_table_counts_what_the_messages_say():
    head, *rows = cells(requests.counted())
    assert head == ["hat", *requests.ANSWERS.values()]
    assert sum(int(number) for _, *numbers in rows for number in numbers) == len(requests.inbox())
    mine = [one for one in requests.inbox() if one.best.startswith("environmentalist/") and one.office == "decides"]
    assert rows[-1][:2] == ["Environmentalist", str(len(mine))]


def test_the_sentence_turns_with_the_place():
    explorer = requests.explorer()
    explorer.controls["message"].value = "journalist-asks"
    explorer.controls["office"].value = "passes-on"
    explorer.controls["pillar"].value = "strategy"
    explorer.controls["role"].value = "advocate"
    assert "Advocate, strategy</b> is our first choice too" in explorer.sentence.value
    assert "To <b>pass on</b> is what we would do, too." in explorer.sentence.value

    explorer.controls["role"].value = "enabler"
    assert "Enabler, strategy holds" in explorer.sentence.value
    assert "first choice is <b>Advocate, strategy" in explorer.sentence.value
    assert "Also defensible: Enabler, compliance." in explorer.sentence.value

    explorer.controls["role"].value = "environmentalist"
    assert "Environmentalist, strategy is hard to defend" in explorer.sentence.value
    assert "Look again at the hat" in explorer.sentence.value

    explorer.controls["office"].value = "decides"
    assert "<b>decide</b> is hard to defend; we would <b>pass on</b>" in explorer.sentence.value
    explorer.controls["office"].value = "advises"
    assert "<b>advise</b> holds; we would rather <b>pass on</b>" in explorer.sentence.value
    assert named("journalist-asks").why.split(":")[0] in explorer.sentence.value


def test_a_new_message_gives_nothing_away_before_a_place_is_chosen():
    explorer, told = requests.explorer(), []
    explorer.sentence.observe(lambda change: told.append(change.new), "value")
    assert "Counselor, compliance holds" in explorer.sentence.value
    request = named("journalist-asks")
    explorer.controls["message"].value = request.id
    assert [explorer.controls[name].label for name in ("role", "pillar", "office")] == ["(choose)"] * 3
    assert "Choose a pillar and a hat." in explorer.sentence.value
    explorer.controls["office"].value = "decides"
    explorer.controls["pillar"].value = "strategy"
    assert "Choose a hat." in explorer.sentence.value
    places = [requests.title(place) for place in (request.best, *request.also)]
    for said in (*told, explorer.picture_now.value):
        assert (
            not any(place in said for place in places) and "first choice" not in said and "hard to defend" not in said
        )
        assert request.why[:40] not in said
    explorer.controls["role"].value = "enabler"
    assert "Enabler, strategy holds" in explorer.sentence.value and "first choice" in explorer.picture_now.value


def test_reasons_wait_for_what_the_office_would_do():
    explorer, why = requests.explorer(), named("journalist-asks").why[:40]
    for name, value in (("message", "journalist-asks"), ("role", "advocate"), ("pillar", "strategy")):
        explorer.controls[name].value = value
    assert "our first choice too" in explorer.sentence.value and why not in explorer.sentence.value
    explorer.controls["office"].value = "advises"
    assert why in explorer.sentence.value


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("environmentalist/compliance", "The pillar can fit"),
        ("advocate/governance", "The hat can fit"),
        ("advocate/compliance", "not together"),
        ("environmentalist/governance", "Begin with the pillar"),
    ],
)
def test_a_place_that_does_not_hold_gets_a_hint_of_its_own(place, hint):
    role, pillar = place.split("/")
    sentence, _ = requests.explorer().view("journalist-asks", role, pillar, "advises")
    assert f"{requests.title(place)} is hard to defend" in sentence and hint in sentence


def test_the_grid_says_in_words_where_you_are_and_what_holds():
    request = named("journalist-asks")
    for place, how in (
        ("advocate/strategy", "first choice"),
        ("enabler/compliance", "holds"),
        ("counselor/governance", "hard to defend"),
    ):
        picture = requests.grid_figure(request, place)
        assert f"You chose {requests.title(place)}: {how}." in picture.alt
        for other in (request.best, *request.also):
            assert requests.title(other) in picture.alt
        # Words in the cells, not colours alone.
        shown = BeautifulSoup(picture.svg, "html.parser").get_text(" ")
        assert shown.count("you") == 1 and shown.count("first choice") == 1
        assert shown.count("holds") == len(request.also)


def test_the_opening_counts_every_message():
    numbers = [int(number) for number in re.findall(r": (\d+)\.", requests.opening().alt)]
    assert len(numbers) == len(requests.ANSWERS) and sum(numbers) == 30


def test_the_list_to_read_holds_every_message_with_its_places():
    soup = BeautifulSoup(requests.mailbox().markup, "html.parser")
    items = soup.select("details > ol > li")
    assert len(items) == 30
    for request, item in zip(requests.inbox(), items, strict=True):
        text, folded = " ".join(item.get_text(" ").split()), item.details.get_text(" ")
        assert " ".join(request.text.split()) in text
        assert requests.title(request.best) in folded and "Also defensible" in folded


def test_every_activity_of_the_grid_stands_at_its_places():
    soup = BeautifulSoup(requests.activities().markup, "html.parser")
    rows = [[cell.get_text().lower() for cell in row.select("td.lab")] for row in soup.select("tbody tr")]
    shown = {
        f"{role}/{pillar}": words
        for role, row in zip(ROLES, rows, strict=True)
        for pillar, words in zip(PILLARS, row, strict=True)
    }
    assert all(shown.values()), "a cell without an activity"
    # JupyterLab's own style puts words at the right of a cell.
    assert all("text-align:left" in cell["style"] for cell in soup.select("th, td.lab"))
    for activity in course.plan()["activities"]:
        for place in PLACES & set(activity["labs"]):
            assert activity["words"].lower() in shown[place]


def test_the_survey_tasks_are_those_of_the_table():
    survey = load("survey_ospo").query("segment == 'all' and year >= 2023")
    for question in ("responsibilities", "top_responsibilities"):
        answers = set(survey[survey.question == question].answer) - {"other"}
        assert answers == set(requests.TASKS)


def survey_tasks():
    return [
        row
        for row in rows("survey_ospo")
        if row["segment"] == "all" and "responsibilities" in row["question"] and row["year"] >= "2023"
    ]


def test_figures_of_the_survey_are_those_that_pandas_gives():
    table = load("survey_ospo").query("segment == 'all' and question.str.contains('responsibilities') and year >= 2023")
    named = table.pivot(index="answer", columns="year", values="respondents")
    percent = table.eval("percent = 100 * respondents / base").pivot(index="answer", columns="year", values="percent")
    percent = percent.drop("other").rename(requests.TASKS).round().astype(int)
    shares = requests.shares(survey_tasks())
    assert shares == {task: (row[2023], row[2024]) for task, row in percent.iterrows()}
    ranks = named.drop("other").rename(requests.TASKS).rank(ascending=False, method="min").astype(int)
    for task, before, after, offices in cells(requests.ranks(survey_tasks(), most=12))[1:]:
        assert (int(before), int(after)) == tuple(ranks.loc[task])
        assert int(offices) == named.rename(requests.TASKS).loc[task, 2024]
    assert cells(requests.ticks(survey_tasks()))[1:] == [
        ["2023", "all that apply", "285", "1427", "5.0"],
        ["2024", "up to three", "100", "279", "2.8"],
    ]
    assert cells(requests.side_by_side(shares, "Metrics"))[1:] == [["Metrics", "16", "5"]]


def test_the_picture_of_two_years_tells_its_numbers():
    alt = requests.shares_figure(requests.shares(survey_tasks())).alt
    assert "Growing talent: 43 and 10" in alt
    assert alt.index("Working with communities") < alt.index("Metrics"), "the most named first"
