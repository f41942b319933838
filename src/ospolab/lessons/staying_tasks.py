"""What the exercise of the lab "Newcomers who stay" reads from (advocate/community-engagement).

The cohorts are those of a real project; tracker, reports and offers are invented, and so is everybody in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import pandas as pd
from IPython.display import HTML

from ospolab import responses, retention
from ospolab.checks import cells, given, net
from ospolab.lessons import staying
from ospolab.lessons.tables import plain, wrapped
from ospolab.readiness import middle_wait
from ospolab.responses import AUTHOR, BOT, Request

__all__ = [
    "BUDGET",
    "CELLS",
    "CLAIMS",
    "DAYS",
    "OFFERS",
    "REPORTS",
    "TRACKER",
    "best",
    "chosen",
    "claims_shown",
    "cohorts_shown",
    "expected",
    "fits",
    "offers_shown",
    "table_of",
    "tracker_key",
    "tracker_shown",
    "worth",
]

# 1. Cohorts: flask, which ends with 2026Q1

PROJECT, SHOWN = "flask", (1, 2, 4, 8)
# Cell -> (values that hold, why).
CELLS = {
    "c2023-8": ("whole", "Who came in 2023Q4 is eight quarters old in 2025Q4, and the data goes to 2026Q1."),
    "c2024-4": ("whole", "Who came in 2024Q4 is four quarters old in 2025Q4."),
    "c2024-8": ("part", "Only who came in 2024Q1 has been seen for eight quarters, to 2026Q1."),
    "c2025-1": ("whole", "Who came in 2025Q4 is one quarter old in 2026Q1, the last complete one."),
    "c2025-4": ("part", "Only who came in 2025Q1 has been seen for four quarters."),
    "c2025-8": ("nobody", "Even who came in 2025Q1 is eight quarters old only in 2027Q1."),
}
# Claim -> (under which meaning it holds, why).
CLAIMS = {
    "faker-redis": ("three", "26 % against 17 % by commits; by coming back, and in the second year, redis is above."),
    "requests-faker": ("second", "5.0 % against 3.0 % in the second year; in both other columns faker is above."),
    "curl-terraform": ("not-three", "15.9 against 14.8 % and 7.7 against 5.5 %; by three commits terraform is above."),
    "scorecard-first": ("all", "It has the largest share in all three columns."),
}


def cohorts_shown() -> HTML:
    """The cohorts of the exercise as a dashboard prints them: whoever has not been seen counts as gone."""
    found = retention.cohorts(retention.activity(PROJECT), retention.DEFINITIONS["back"], SHOWN)
    rows = []
    for year in range(2019, 2026):
        cells = [staying.cell(found.loc[(year, age)], "gone")[0] for age in SHOWN]
        rows.append([str(year), str(found.loc[(year, 1)]["newcomers"]), *cells])
    return plain(["cohort", "people", *(f"after {age}" for age in SHOWN)], rows)


def claims_shown() -> HTML:
    """Seven projects under three meanings of "stayed", in per cent."""
    table = retention.by_definition()
    rows = [
        [name, str(int(row.iloc[0])), *(f"{share:.1f}" for share in row.iloc[1:])] for name, row in table.iterrows()
    ]
    return plain(["project", "people", *table.columns[1:]], rows)


# 2. Ten requests of June, and one of May, of the invented project Heron

TRACKER = [
    Request("A", -19, ((-14, "reviewer"),), 5),
    Request("B", 1, ((1, BOT), (3, "reviewer")), 8, merged=True),
    Request("C", 2, ((4, AUTHOR), (9, "reviewer")), 20, merged=True),
    Request("D", 3, ((3, BOT), (24, BOT)), 24),
    Request("E", 5, ((6, "reviewer"),), 10),
    Request("F", 6, ((6, BOT), (12, AUTHOR))),
    Request("G", 9, ((13, "reviewer"),), 13, merged=True),
    Request("H", 11, ((12, "maintainer"), (14, AUTHOR))),
    Request("I", 15, ((16, AUTHOR), (27, "reviewer"))),
    Request("J", 20, ((20, BOT),)),
    Request("K", 24, ((26, "reviewer"),), 28, merged=True),
]


def tracker_shown() -> HTML:
    """The tracker of the exercise."""
    return staying.tracker(TRACKER)


def tracker_key() -> dict[str, tuple[float, float, str]]:
    """Figure -> (value, how far off is right, where to look again)."""
    june = staying.opened(TRACKER)
    days = [responses.first_response(one) for one in june]
    closed = [one for one in TRACKER if one.closed is not None]
    return {
        "answered": (sum(day is not None for day in days), 0,
                     "A bot is nobody, and an author's own words are no answer: D, F and J have none."),
        "middle": (middle_wait(days), 0,
                   "Sort the waits of all ten, those without an answer last, and take the fifth: 1, 1, 2, 2, 4."),
        "closure": (responses.closure_ratio(TRACKER, 1, 30), 0.006,
                    "Closed in June are seven, A among them, whether merged or not; opened in June are ten."),
        "acceptance": (responses.acceptance_ratio(TRACKER, 1, 30), 0.05,
                       "Merged are B, C, G and K; closed without a merge are A, D and E."),
        "backlog": (responses.backlog(TRACKER, 30), 0, "Open at the end: F, H, I and J."),
        "silent": (sum(responses.first_response(one) is None for one in closed), 0,
                   "D was closed by a bot, and nobody had said a word."),
    }  # fmt: skip


# 3. Six reports, by column: report -> (values that hold, why)

REPORTS: dict[str, dict[str, tuple[str, str]]] = {
    "severity": {
        "harsh": ("friction violation", "A first hard word can be read as either; neither is nothing."),
        "followed": ("danger", "Somebody is followed now: safety comes before every question of proof."),
        "lead": ("violation danger", "Going on after a clear no is harassment."),
        "quarrel": ("friction", "Hard words on code and none on persons: a conflict, and no violation."),
        "address": ("danger violation", "Who is found at home cannot be made unfound."),
        "mentor": ("violation danger", "Who decides about the money abuses that power."),
    },
    "route": {
        "harsh": ("talk team", "A quiet word can mend it; a case of the team is right as well, if it is a small one."),
        "followed": ("safety", "Go there, or send security; call emergency services where there is danger."),
        "lead": ("team elsewhere", "Two or more people, none of them the lead; never a talk between the two."),
        "quarrel": ("talk", "A moderator helps two people to talk. A case would make offenders of both."),
        "address": ("safety", "Take it down first, then tell the person, then open the case."),
        "mentor": ("team elsewhere", "A case, and with the reporter's consent the mentor's employer, who has duties."),
    },
    "answer": {
        "harsh": ("day week", "No hurry beyond courtesy: a receipt within a day is good, a week the outside."),
        "followed": ("now", "It is going on."),
        "lead": ("now day", "A receipt within a day at the latest: silence reads as protection of the lead."),
        "quarrel": ("day week", "Nobody is in danger; what is always at once is never at once."),
        "address": ("now", "Each hour more people read it."),
        "mentor": ("now day", "A receipt within a day at the latest; the stipend runs on."),
    },
    "aside": {
        "harsh": ("nobody", "Nobody of the team is involved."),
        "followed": ("nobody", "Nobody of the team is involved; whoever is nearest helps."),
        "lead": ("subject", "The report is about a member of the team, who does not even see it."),
        "quarrel": ("close", "Whoever of the team works on the one side's patch every day is no go-between."),
        "address": ("nobody", "Nobody of the team is involved."),
        "mentor": ("close", "The chair manages the mentor: another member leads the case, and the chair stays out."),
    },
}

# Decisions that only make sense together: what it is with where it goes, how soon with who keeps out.
_PAIRS = (("severity", "route"), ("answer", "aside"))
_HEADINGS = {"severity": "It is", "route": "First route", "answer": "First answer due", "aside": "Steps aside"}


def worth(points: float = 3) -> float:
    """Points for the form "reports": a pair of decisions counts where both hold; what is wrong takes back a half.

    Prints what is accepted, decision by decision.
    """
    decided = given("reports").get("decided", {})
    holds = {}
    for column, key in REPORTS.items():
        print(f"{_HEADINGS[column]}:")
        holds[column] = dict(zip(key, cells("reports", "decided", column, key, tell_all=True), strict=True))
    pairs = [(report, pair) for report in REPORTS["severity"] for pair in _PAIRS]
    answered = sum(any(column in decided.get(report, {}) for column in pair) for report, pair in pairs)
    return net(points, [all(holds[column][report] for column in pair) for report, pair in pairs], answered)


# 4. Offers under a budget


@dataclass(frozen=True)
class Offer:
    """What an office could do for newcomers. cost in euro, days of its own people; reached and back: of last year's."""

    words: str
    cost: int
    days: int
    reached: int
    back: int
    online: bool = False


BUDGET, DAYS = 6_000, 12
OFFERS = {
    "booth": Offer("Booth at a fair", 3_000, 4, 400, 2),
    "sprint": Offer("Two-day sprint, in person", 1_500, 4, 40, 6),
    "hours": Offer("Office hour, monthly, online", 300, 6, 60, 5, online=True),
    "mentoring": Offer("Mentoring in pairs, half a year, online", 2_400, 5, 8, 5, online=True),
    "hackathon": Offer("Hackathon with prizes, online", 2_500, 3, 250, 1, online=True),
    "course": Offer("Visit to a university course", 600, 2, 90, 2),
    "words": Offer("Evening for translators and writers, online", 200, 2, 25, 3, online=True),
}


def offers_shown() -> HTML:
    """The offers of the exercise."""
    rows = {one.words: [f"{one.cost:,}", one.days, one.reached, one.back] for one in OFFERS.values()}
    return wrapped(pd.DataFrame(rows, index=["euro", "days", "reached", "back"], dtype=object).T, least="0")


def fits(chosen_: Iterable[str]) -> bool:
    """Whether a choice keeps to money and days, and holds something for those who cannot travel."""
    offers = [OFFERS[name] for name in chosen_]
    return (
        sum(one.cost for one in offers) <= BUDGET
        and sum(one.days for one in offers) <= DAYS
        and any(one.online for one in offers)
    )


@cache
def best() -> int:
    """The most people who, by last year's figures, would be back after a year, of all choices that fit."""
    names = list(OFFERS)
    every = (some for size in range(1, len(names) + 1) for some in combinations(names, size))
    return max(sum(OFFERS[name].back for name in some) for some in every if fits(some))


def chosen() -> float:
    """How good the choice in the form "offers" is: 1 within one person of the best, a half within three, else 0."""
    names = given("offers").get("chosen", [])
    if not names:
        return 0.0
    offers = [OFFERS[name] for name in names]
    back = sum(one.back for one in offers)
    print(f"- Your choice: {sum(o.cost for o in offers):,} euro, {sum(o.days for o in offers)} days, {back} back.")
    if not fits(names):
        print(f"- It has to keep to {BUDGET:,} euro and {DAYS} days, with one offer for those who cannot travel.")
        return 0.0
    if back < best():
        print(f"- There is a choice with {best()}. Ask of each offer what its days bring: days run out before money.")
    return 1.0 if back >= best() - 1 else 0.5 if back >= best() - 3 else 0.0


# 5. Code


def expected(
    people: Mapping[str, list[int]], last: int, window: int = 4, least: int = retention.ENOUGH
) -> dict[int, float | None]:
    """What the learner's `retained` has to give, for unseen cases: year -> share, None where it may not be said."""
    cohorts: dict[int, list[tuple[bool, bool]]] = {}
    for quarters in people.values():
        first = min(quarters)
        back = any(first < quarter <= first + window for quarter in quarters)
        cohorts.setdefault(first // 4, []).append((back, first + window <= last))
    return {
        year: sum(back for back, _ in cohort) / len(cohort)
        if len(cohort) >= least and all(seen for _, seen in cohort)
        else None
        for year, cohort in sorted(cohorts.items())
    }


def table_of(shares: object) -> pd.DataFrame | str:
    """A learner's table as whole per cents, for the eye."""
    if not isinstance(shares, dict) or not shares:
        return "Nothing yet: `retained` gives no dictionary."
    shown = {year: "–" if share is None else f"{100 * share:.0f} %" for year, share in list(shares.items())[-8:]}
    return pd.DataFrame({"came back in a year": shown})
