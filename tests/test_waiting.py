"""The wait of a board: against known values, and where a formula would break."""

import math
import random

import pytest

from ospolab import waiting


def test_erlang_c_gives_the_textbook_values():
    # Two servers' worth of work for three servers: 4/9. One server: it waits as often as the server is busy.
    assert waiting.erlang_c(2, 3) == pytest.approx(4 / 9)
    assert waiting.erlang_c(0.5, 1) == pytest.approx(0.5)
    assert waiting.erlang_c(1, 2) == pytest.approx(1 / 3)
    assert waiting.erlang_c(0, 3) == 0
    assert waiting.erlang_c(3, 3) == 1


def test_erlang_c_is_the_sum_of_the_textbook_formula():
    for load, servers in ((1.7, 2), (2.5, 3), (7.9, 9)):
        last = load**servers / math.factorial(servers) * servers / (servers - load)
        whole = sum(load**k / math.factorial(k) for k in range(servers)) + last
        assert waiting.erlang_c(load, servers) == pytest.approx(last / whole)


def test_one_reviewer_waits_as_the_simplest_queue_does():
    # M/M/1: rho / (mu - lambda), and ln(rho / (1 - share)) / (mu - lambda).
    assert waiting.mean_wait(0.8, 1, 1) == pytest.approx(4.0)
    assert waiting.wait_of(0.9, 0.8, 1, 1) == pytest.approx(math.log(8) / 0.2)
    assert waiting.wait_of(0.5, 0.4, 1, 1) == 0, "more than half are taken at once"


def test_a_board_that_cannot_keep_up_waits_for_ever():
    assert waiting.mean_wait(6, 3, 1.6) == math.inf
    assert waiting.wait_of(0.9, 4.8, 3, 1.6) == math.inf
    assert waiting.wait_of(0.9, 0, 3, 1.6) == 0


def test_a_seeded_simulation_gives_the_same_wait():
    draw, free, now, waits = random.Random(7), [0.0] * 3, 0.0, []
    for _ in range(150_000):
        now += draw.expovariate(3)
        at = min(range(3), key=free.__getitem__)
        begun = max(now, free[at])
        free[at] = begun + draw.expovariate(1.6)
        waits.append(begun - now)
    assert sum(waits) / len(waits) == pytest.approx(waiting.mean_wait(3, 3, 1.6), rel=0.1)
    assert sorted(waits)[int(0.9 * len(waits))] == pytest.approx(waiting.wait_of(0.9, 3, 3, 1.6), rel=0.1)


def test_who_asks_on_a_random_day_waits_longer_than_half_the_mean_gap():
    assert waiting.felt_between([10, 10, 10]) == 5
    assert waiting.felt_between([1, 19]) == pytest.approx((1 + 361) / 40)
    assert waiting.felt_between([10, 10], 0.9) == pytest.approx(9)
    # Of 20 days, 2 lie more than 17 days before the end of the long gap.
    assert waiting.felt_between([1, 19], 0.9) == pytest.approx(17)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: waiting.erlang_c(-1, 2),
        lambda: waiting.erlang_c(1, 0),
        lambda: waiting.wait_of(1, 1, 2, 1),
        lambda: waiting.mean_wait(1, 2, 0),
        lambda: waiting.felt_between([0, 0]),
        lambda: waiting.felt_between([3, -1]),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError):
        wrong()
