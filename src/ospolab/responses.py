"""How a project answers: first response, closure, acceptance and backlog of its change requests, each with its rule.

Sources of the definitions: CHAOSS, Time to First Response, Change Request Closure Ratio and Change Request Acceptance
Ratio. Where their words leave a choice, the functions here ask for it: what is not chosen is not comparable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "BOT",
    "Request",
    "acceptance_ratio",
    "accepted_share",
    "backlog",
    "closure_ratio",
    "first_response",
    "waits",
]

AUTHOR, BOT = "author", "bot"


@dataclass(frozen=True)
class Request:
    """A change request. Days are whole numbers; day 1 is the first day of the period one looks at.

    replies: (day, who) in any order; who is AUTHOR, BOT, or anybody else, such as "reviewer". closed: the day, or None
    while it is open. merged: whether it was taken in; never without having been closed.
    """

    name: str
    opened: int
    replies: tuple[tuple[int, str], ...] = ()
    closed: int | None = None
    merged: bool = False

    def __post_init__(self):
        days = [day for day, _ in self.replies] + ([self.closed] if self.closed is not None else [])
        if any(day < self.opened for day in days):
            raise ValueError(f"{self.name}: something happened before it was opened on day {self.opened}")
        if self.merged and self.closed is None:
            raise ValueError(f"{self.name}: merged, and still open")


def first_response(request: Request) -> int | None:
    """Days until the first answer by a person other than the author; None if there is none yet.

    Merging or closing is no answer by itself here: where somebody merges without a word, add the merge as a reply.
    Source: CHAOSS, Time to First Response, with its filter for automated replies; that the author's own words are no
    answer is this course's reading of "response".
    """
    days = [day for day, who in request.replies if who not in (AUTHOR, BOT)]
    return min(days) - request.opened if days else None


def waits(requests: Iterable[Request], today: int) -> list[tuple[int, bool]]:
    """For each request how long it waited, and whether it was answered; who still waits has waited until `today`.

    A request that was closed without an answer stopped waiting on that day, unanswered.
    """
    found = []
    for request in requests:
        days = first_response(request)
        end = today if request.closed is None else request.closed
        found.append((end - request.opened, False) if days is None else (days, True))
    return found


def _closed(requests: Iterable[Request], start: int, end: int) -> list[Request]:
    return [one for one in requests if one.closed is not None and start <= one.closed <= end]


def closure_ratio(requests: Iterable[Request], start: int, end: int, of: str = "opened") -> float | None:
    """Requests closed from day `start` to day `end`, merged or not, divided by others of the same days.

    of: "opened" divides by those opened in the period (above 1 where old ones are cleared away); "open" by all that
    were open at some time in it (never above 1). CHAOSS speaks of open change requests "during that same period", which
    is read both ways. None if there is nothing to divide by.
    """
    requests = list(requests)
    if of == "opened":
        base = [one for one in requests if start <= one.opened <= end]
    elif of == "open":
        base = [one for one in requests if one.opened <= end and (one.closed is None or one.closed >= start)]
    else:
        raise ValueError(f'of is {of!r}; expected "opened" or "open"')
    return len(_closed(requests, start, end)) / len(base) if base else None


def acceptance_ratio(requests: Iterable[Request], start: int, end: int) -> float | None:
    """Requests merged, divided by those closed without being merged, of those closed from `start` to `end`.

    3.0 means three to one. None if none was closed without a merge. Source: CHAOSS, Change Request Acceptance Ratio.
    """
    closed = _closed(requests, start, end)
    merged = sum(one.merged for one in closed)
    return merged / (len(closed) - merged) if len(closed) > merged else None


def accepted_share(requests: Iterable[Request], start: int, end: int) -> float | None:
    """Requests merged, divided by all that were closed from `start` to `end`: 0.75 where the ratio says 3.0."""
    closed = _closed(requests, start, end)
    return sum(one.merged for one in closed) / len(closed) if closed else None


def backlog(requests: Iterable[Request], day: int) -> int:
    """Requests open at the end of a day."""
    return sum(one.opened <= day and (one.closed is None or one.closed > day) for one in requests)
