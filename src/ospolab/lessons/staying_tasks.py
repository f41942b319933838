"""What the exercise of the lab "Newcomers who stay" reads from (advocate/community-engagement).

Cohorts, tracker, reports and offers are invented, and so is everybody in them; the claims are about real projects.
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
from ospolab.forms import definition
from ospolab.lessons import staying
from ospolab.lessons.tables import plain, wrapped
from ospolab.readiness import middle_wait
from ospolab.responses import AUTHOR, BOT, Request

__all__ = [
    "BUDGET",
    "CELLS",
    "CLAIMS",
    "COHORTS",
    "DAYS",
    "OFFERS",
    "REPORTS",
    "ROUTES",
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

# 1. Cohorts of the invented project Heron, to 2026Q1. A real project of that size would show single people.

AGES = (1, 2, 4, 8)
# Year of the first change -> (newcomers, how many of them were back after so many quarters).
COHORTS = {
    2019: (64, (3, 5, 8, 9)),
    2020: (52, (3, 4, 6, 8)),
    2021: (45, (4, 5, 7, 8)),
    2022: (47, (2, 3, 5, 5)),
    2023: (26, (1, 2, 3, 3)),
    2024: (14, (0, 0, 0, 0)),
    2025: (13, (1, 1, 1, 1)),
}
LAST = 4 * 2026  # the number of its last complete quarter, 2026Q1
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
    "flask-curl": ("none", "5.9 against 15.9 and 13.9 %; and fewer than five of 135 are less than 7.7 %."),
    "curl-terraform": ("not-three", "By three commits terraform is above. (Gaps of one to two points can be chance.)"),
    "scorecard-first": ("all", "It has the largest share in all three columns."),
}


def cohorts_shown() -> HTML:
    """The cohorts of the exercise as a dashboard prints them: whoever has not been seen counts as gone."""
    rows = [
        [str(year), str(newcomers), *(f"{100 * some / newcomers:.0f}" for some in back)]
        for year, (newcomers, back) in COHORTS.items()
    ]
    return plain(["cohort", "people", *(f"after {age}" for age in AGES)], rows)


def claims_shown() -> HTML:
    """Seven projects under three meanings of "stayed", in per cent; few: one to four people."""
    table = retention.by_definition()
    rows = [
        [name, str(int(row.iloc[0])), *("few" if pd.isna(share) else f"{share:.1f}" for share in row.iloc[1:])]
        for name, row in table.iterrows()
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


# 3. Six reports. What a report is and where it goes first are one decision: report -> (what may be said together, why).

ROUTES: dict[str, tuple[str, str]] = {
    "harsh": ("friction+talk friction+team violation+team violation+talk",
              "A first hard word can be read as either. If it is a talk, then with the reviewer alone."),
    "followed": ("danger+safety", "Safety before every question of proof: go there, or send security; call for help."),
    "lead": ("violation+team violation+elsewhere danger+safety violation+safety",
             "Going on after a clear no is harassment: never a talk between the two. To stop the messages first, and "
             "the lead's access to your mailbox, is no finding of guilt."),
    "quarrel": ("friction+talk", "Hard words on code, none on persons. A case would make offenders of both."),
    "address": ("danger+safety violation+safety",
                "Note link, time and account, hide it, tell the person; then the case."),
    "mentor": ("violation+elsewhere danger+elsewhere danger+safety violation+safety",
               "Who decides about the money abuses power. Four volunteers can secure no stipend and give no orders to "
               "an employee: somebody who can has to come in. The mentee's wish counts; the law may ask for more."),
}  # fmt: skip
# How soon, and who keeps out: column -> report -> (values that hold, why).
REPORTS: dict[str, dict[str, tuple[str, str]]] = {
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
        "lead": ("subject all", "The lead in any case. Can three decide who depend on the lead? If not, an outsider."),
        "quarrel": ("close", "Whoever of the team works on the one side's patch every day is no go-between."),
        "address": ("nobody", "Nobody of the team is involved."),
        "mentor": ("close", "The chair must not even get it: what a manager reads, the employer may know."),
    },
}
_HEADINGS = {"answer": "First answer due", "aside": "Steps aside"}


def _routed(decided: dict) -> dict[str, bool]:
    """Whether what each report is and where it goes first hold together. Prints what is accepted of those answered."""
    table = definition.task("reports").field("decided")
    rows = {row.value: row.text.replace("**", "") for row in table.rows}
    words = {option.value: option.text for column in table.columns for option in column.options}
    held = {}
    print("It is, and goes first to:")
    for report, (pairs, why) in ROUTES.items():
        said = [decided.get(report, {}).get(column) for column in ("severity", "route")]
        held[report] = None not in said and "+".join(said) in pairs.split()
        if None not in said:
            good = "; or ".join(", ".join(f"“{words[one]}”" for one in pair.split("+")) for pair in pairs.split())
            mark, word = ("+", "Accepted") if held[report] else ("-", "What holds")
            print(f"{mark} {rows[report].split('.')[0]}. {word}: {good}. {why}")
    return held


def worth(points: float = 3) -> float:
    """Points for the form "reports": a pair of decisions counts where both hold; what is wrong takes back a half.

    A pair of which one is open is open. Prints what is accepted, decision by decision.
    """
    decided = given("reports").get("decided", {})
    holds = {("severity", "route"): _routed(decided)}
    single = {}
    for column, key in REPORTS.items():
        print(f"{_HEADINGS[column]}:")
        single[column] = dict(zip(key, cells("reports", "decided", column, key, tell_all=True), strict=True))
    holds["answer", "aside"] = {report: single["answer"][report] and single["aside"][report] for report in ROUTES}
    pairs = [(report, pair) for report in ROUTES for pair in holds]
    answered = sum(all(column in decided.get(report, {}) for column in pair) for report, pair in pairs)
    return net(points, [holds[pair][report] for report, pair in pairs], answered)


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
    shares = {}
    for year, cohort in sorted(cohorts.items()):
        back = sum(came for came, _ in cohort)
        may = all(seen for _, seen in cohort) and len(cohort) >= least and not 0 < back < least
        shares[year] = back / len(cohort) if may else None
    return shares


def table_of(shares: object) -> pd.DataFrame | str:
    """A learner's table as whole per cents, for the eye."""
    if not isinstance(shares, dict) or not shares:
        return "Nothing yet: `retained` gives no dictionary."
    shown = {year: "–" if share is None else f"{100 * share:.0f} %" for year, share in list(shares.items())[-8:]}
    return pd.DataFrame({"came back in a year": shown})
