"""Response, closure, acceptance and backlog: their definitions on requests whose answers are known."""

import pytest

from ospolab import responses
from ospolab.responses import AUTHOR, BOT, Request


def test_neither_a_bot_nor_the_author_answers():
    assert responses.first_response(Request("a", 3, ((3, BOT), (5, AUTHOR), (9, "reviewer"), (8, "maintainer")))) == 5
    assert responses.first_response(Request("a", 3, ((3, BOT), (5, AUTHOR)))) is None
    assert responses.first_response(Request("a", 3, ((3, "reviewer"),))) == 0


def test_who_still_waits_has_waited_until_today_and_who_was_closed_until_then():
    requests = [Request("a", 1, ((4, "reviewer"),)), Request("b", 2, ((2, BOT),)), Request("c", 5, (), 9)]
    assert responses.waits(requests, 30) == [(3, True), (28, False), (4, False)]


# A hundred requests open in a month, forty of them from before; ninety closed, seventy merged.
MONTH = [
    Request(str(n), -9 if n < 40 else 2, closed=5 if n < 90 else None, merged=n < 70) for n in range(100)
]  # fmt: skip


def test_closure_counts_what_was_closed_merged_or_not():
    assert responses.closure_ratio(MONTH, 1, 30, of="open") == 0.9
    assert responses.closure_ratio(MONTH, 1, 30) == 1.5, "old ones cleared away: above 1"
    assert responses.closure_ratio([], 1, 30) is None
    with pytest.raises(ValueError):
        responses.closure_ratio(MONTH, 1, 30, of="all")


def test_acceptance_sets_merged_against_closed_without_a_merge():
    assert responses.acceptance_ratio(MONTH, 1, 30) == 3.5
    assert responses.accepted_share(MONTH, 1, 30) == pytest.approx(70 / 90)
    assert responses.acceptance_ratio(MONTH[:60], 1, 30) is None, "none was refused: there is nothing to divide by"
    assert responses.accepted_share(MONTH[90:], 1, 30) is None


def test_only_the_period_counts():
    early = [Request("a", -9, closed=0, merged=True), Request("b", 1, closed=31)]
    assert responses.closure_ratio(early, 1, 30, of="open") == 0.0
    assert responses.accepted_share(early, 1, 30) is None


def test_the_backlog_is_what_is_open_at_the_end_of_the_day():
    assert [responses.backlog(MONTH, day) for day in (-10, 1, 4, 5)] == [0, 40, 100, 10]


@pytest.mark.parametrize(
    "wrong", [{"replies": ((1, "reviewer"),)}, {"closed": 1}, {"merged": True}], ids=["reply", "closed", "merged"]
)
def test_what_cannot_have_happened_is_refused(wrong):
    with pytest.raises(ValueError, match="a:"):
        Request("a", 2, **wrong)
