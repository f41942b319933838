"""How long a request waits for a board, as the one who asks feels it.

The model is the simplest that queueing theory has (M/M/c): requests come at random, independently of each other, each
of `reviewers` people decides one at a time, times to decide are spread as the exponential distribution, first come is
first served, and nobody gives up. Real boards are mostly worse: requests come in bunches before a release, and people
go on holiday. (Where each decision takes much the same time, a little better.) Compare settings rather than believe a
figure.
Source of the formula: A. K. Erlang, 1917, in any textbook on queues as "Erlang C".
"""

import math
from collections.abc import Sequence

__all__ = ["erlang_c", "felt_between", "mean_wait", "wait_of"]


def erlang_c(load: float, reviewers: int) -> float:
    """Chance that a request has to wait at all, 0..1.

    load: requests a day divided by what one person decides a day, i.e. how many people are busy on average. Reviewers:
    how many there are, 1 or more. 1.0 if they cannot keep up. Raises ValueError for a negative load or no reviewer.
    """
    if load < 0 or reviewers < 1:
        raise ValueError("expected a load of 0 or more, and at least one reviewer")
    if load >= reviewers:
        return 1.0
    blocked = 1.0  # Erlang B, person by person; stays exact where factorials overflow
    for people in range(1, reviewers + 1):
        blocked = load * blocked / (people + load * blocked)
    return blocked / (1 - load / reviewers * (1 - blocked))


def mean_wait(asked: float, reviewers: int, decided: float) -> float:
    """Mean wait in days until somebody begins to look; infinite if the board cannot keep up.

    asked: requests a day that reach the board. decided: what one reviewer decides a day, more than 0.
    """
    return _spread(asked, reviewers, decided, lambda chance, pace: chance / pace)


def wait_of(share: float, asked: float, reviewers: int, decided: float) -> float:
    """The wait in days that this share of all requests does not exceed: wait_of(0.9, ...) is the 90th percentile.

    0 for those who are taken at once; infinite if the board cannot keep up. share: 0 <= share < 1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share is {share}; expected a fraction from 0 to below 1")
    return _spread(
        asked,
        reviewers,
        decided,
        lambda chance, pace: _tail(chance, share) / pace,
    )


def _tail(chance: float, share: float) -> float:
    return max(0.0, math.log(chance / (1 - share))) if chance else 0.0


def _spread(asked, reviewers, decided, of):
    if decided <= 0:
        raise ValueError("a reviewer decides more than 0 requests a day")
    pace = reviewers * decided - asked  # how fast a pile melts
    return of(erlang_c(asked / decided, reviewers), pace) if pace > 1e-9 else math.inf


def felt_between(gaps: Sequence[float], share: float | None = None) -> float:
    """The wait of a request that comes on a random day, when decisions are made only at the ends of these gaps.

    gaps: days between one decision day and the next, shape (n,), each 0 or more, not all 0. share: None for the mean,
    sum(g^2) / (2 * sum(g)); a fraction below 1 for the wait that this share of requests does not exceed.
    Longer gaps catch more requests: this is why the mean is more than half of the mean gap.
    """
    total = sum(gaps)
    if total <= 0 or min(gaps) < 0:
        raise ValueError("expected gaps of 0 or more days, and one that is longer than 0")
    if share is None:
        return sum(gap * gap for gap in gaps) / (2 * total)
    low, high = 0.0, float(max(gaps))
    for _ in range(60):  # the part that waits longer falls steadily: halve the stretch until it is found
        middle = (low + high) / 2
        longer = sum(max(gap - middle, 0) for gap in gaps) / total
        low, high = (middle, high) if longer > 1 - share else (low, middle)
    return high
