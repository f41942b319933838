"""The forms of the foundations and the rules they are judged by offer the same things, in the same words."""

import pytest

from ospolab import course
from ospolab.forms import definition
from ospolab.portfolio import charter, organisation

FORMS = course.root() / "exercises" / "source" / "foundations"


def offered(task: str, field: str) -> dict[str, str]:
    """Value -> text of the options of a field."""
    return {option.value: option.text for option in definition.task(task, FORMS).field(field).options}


def begun(words: dict[str, str]) -> dict[str, str]:
    """The words as a form shows them: beginning with a capital letter."""
    return {key: text[0].upper() + text[1:] for key, text in words.items()}


def test_the_charter_offers_every_clause_in_its_words():
    assert offered("charter", "clauses") == {key: clause.words for key, clause in charter.clauses().items()}


@pytest.mark.parametrize(("field", "of"), [("mandate", "mandate"), ("sponsor", "sponsors"), ("home", "homes")])
def test_the_charter_offers_the_vocabulary(field, of):
    assert offered("charter", field) == begun(charter.vocabulary(of))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("segment", organisation.SEGMENTS),
        ("region", organisation.REGIONS),
        ("ships", organisation.SHIPS),
        ("uses", organisation.USES),
    ],
)
def test_the_organisation_offers_what_it_can_be(field, words):
    assert offered("organisation", field) == begun(words)


def test_each_invented_organisation_can_be_chosen_and_is_described_as_it_is():
    start = offered("organisation", "start")
    assert [*start] == [*organisation.INVENTED, "own"]
    for segment, one in organisation.INVENTED.items():
        assert start[segment].startswith(f"{one.name}:")
        assert f"{one.people:,} people, {organisation.REGIONS[one.region]}." in start[segment]
        assert organisation.from_answers({"start": segment}) == one
