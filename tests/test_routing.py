"""Requests on the grid of roles and pillars: what a place is worth, and what is said of one that does not hold."""

import pytest
import yaml

from ospolab.lessons import routing

PLACES = ["counselor/strategy", "environmentalist/governance"]
FORM = {
    "mail": {
        "title": "Mail",
        "fields": [
            {
                "id": name,
                "kind": "table",
                "label": name,
                "rows": [{"value": row, "text": f"**{row.capitalize()}, a town:** May we?"} for row in rows],
                "columns": [
                    {
                        "id": column,
                        "kind": "choice",
                        "label": column,
                        "options": [{"value": value, "text": value} for value in values],
                    }
                    for column, values in columns.items()
                ],
            }
            for name, rows, columns in [
                (
                    "requests",
                    ["one", "two"],
                    {
                        "role": ["counselor", "environmentalist", "enabler"],
                        "pillar": ["strategy", "governance", "compliance"],
                        "hand": ["decides", "passes-on"],
                    },
                ),
                (
                    "second",
                    ["one"],
                    {"role": ["counselor", "environmentalist"], "pillar": ["strategy", "governance"]},
                ),
            ]
        ],
    }
}
KEY = {
    "one": {"places": " ".join(PLACES), "hands": "passes-on", "why": "Because of the first."},
    "two": {"places": "enabler/compliance", "hands": "decides passes-on", "why": "Because of the second."},
}


@pytest.mark.parametrize(
    ("role", "pillar", "share"),
    [
        ("counselor", "strategy", 1),
        ("environmentalist", "governance", 1),
        ("counselor", "governance", 0.25),  # both are right, and not together
        ("counselor", "compliance", 0.25),
        ("enabler", "governance", 0.25),
        ("enabler", "compliance", 0),
        ("counselor", None, 0.25),
        (None, None, 0),
    ],
)
def test_a_place_holds_as_a_pair_and_its_half_for_a_quarter(role, pillar, share):
    assert routing.held(role, pillar, PLACES) == share


@pytest.fixture
def answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "forms.yml").write_text(yaml.safe_dump(FORM), "utf-8")
    return lambda **fields: (tmp_path / "answers.yml").write_text(yaml.safe_dump({"mail": fields}), "utf-8")


def test_what_holds_is_worth_all_and_needs_no_word(answer, capsys):
    answer(
        requests={
            "one": {"role": "environmentalist", "pillar": "governance", "hand": "passes-on"},
            "two": {"role": "enabler", "pillar": "compliance", "hand": "decides"},
        },
        second={"one": {"role": "counselor", "pillar": "strategy"}},
    )
    assert routing.mark("mail", KEY) == [1, 1, 1, 1, 1]
    assert capsys.readouterr().out == ""


def test_what_does_not_hold_is_told_with_every_place_and_its_reason(answer, capsys):
    answer(requests={"one": {"role": "enabler", "pillar": "strategy", "hand": "decides"}})
    assert routing.mark("mail", KEY) == [0.25, 0, 0, 0, 0]
    said = " ".join(capsys.readouterr().out.split())
    assert said == (
        "- One, a town. What holds: Counselor × Strategy or Environmentalist × Governance; the office passes on. "
        "Because of the first."
    )


def test_a_second_place_must_be_another_one(answer, capsys):
    place = {"role": "counselor", "pillar": "strategy"}
    answer(requests={"one": place}, second={"one": dict(place)})
    assert routing.mark("mail", KEY)[:3] == [1, 0, 0]
    assert "as a second place, another one of" in " ".join(capsys.readouterr().out.split())


def test_a_second_place_stands_without_a_first(answer):
    answer(second={"one": {"role": "counselor", "pillar": "strategy"}})
    assert routing.mark("mail", KEY) == [0, 0, 1, 0, 0]


def test_nothing_is_told_of_what_is_open(answer, capsys):
    answer()
    assert sum(routing.mark("mail", KEY)) == 0
    assert capsys.readouterr().out == ""


def test_a_second_place_that_is_the_first_is_told(answer, capsys):
    place = {"role": "counselor", "pillar": "strategy"}
    answer(requests={"one": {**place, "hand": "decides"}}, second={"one": place})
    routing.remind("mail")
    assert capsys.readouterr().out == "One, a town: the second place is the first one again; name another.\n"
    answer(requests={"one": place}, second={"one": {"role": "environmentalist", "pillar": "strategy"}})
    routing.remind("mail")
    assert capsys.readouterr().out == ""
