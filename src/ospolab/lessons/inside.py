"""The invented insides of an organisation for the lab "A repository worth contributing to".

Two portfolios of internal repositories and two tables of changes. No real organisation, repository or person stands
behind them; they are made so that an activity score and the candidates of an office come apart, as they do in life.
"""

from __future__ import annotations

import pandas as pd

from ospolab import readiness

__all__ = [
    "CHANGES",
    "COLUMNS",
    "EXERCISE_CHANGES",
    "LESSON",
    "OFFERED",
    "changes",
    "holds_as_candidate",
    "portfolio",
    "waits",
]

# What an office finds out about a repository. teams: other teams that use it. asked: changes that others have asked
# for or sent, and that wait. host: whether the owning team agrees to review changes of others. The rest is what the
# platform counts; described and guide: it has a description, a contribution guide.
COLUMNS = [
    *("repository", "teams", "asked", "host", "forks", "watchers", "stars"),
    *("issues", "days", "weekly", "age", "described", "guide"),
]
LESSON = [
    ("chat-helper", 1, 0, "agreed", 2, 9, 41, 3, 0, 11.0, 35, True, True),
    ("design-system", 8, 6, "agreed", 16, 30, 60, 45, 1, 9.0, 1100, True, True),
    ("login-library", 14, 11, "agreed", 9, 21, 18, 30, 12, 1.5, 2400, True, False),
    ("report-engine", 9, 7, "no time", 11, 14, 9, 62, 3, 2.0, 1900, True, False),
    ("test-data-maker", 5, 4, "agreed", 4, 6, 7, 12, 20, 0.5, 1500, False, False),
    ("hack-day-map", 0, 0, "not asked", 6, 12, 35, 2, 5, 4.0, 60, True, False),
    ("deploy-scripts", 11, 9, "agreed", 3, 8, 4, 21, 45, 0.8, 3000, False, False),
    ("mobile-kit", 3, 1, "agreed", 7, 16, 22, 18, 2, 12.0, 700, True, True),
    ("price-rules", 2, 3, "may not be shared", 1, 4, 2, 9, 1, 6.0, 1300, True, False),
    ("log-shipper", 6, 5, "agreed", 5, 9, 6, 15, 130, 0.1, 2000, True, False),
]
OFFERED = [
    ("date-picker", 7, 5, "agreed", 6, 9, 8, 14, 25, 0.6, 1700, False, False),
    ("model-garden", 1, 0, "agreed", 4, 15, 52, 5, 0, 10.0, 45, True, True),
    ("invoice-parser", 6, 8, "no time", 8, 10, 6, 40, 4, 2.5, 2100, True, False),
    ("map-tiles", 9, 6, "agreed", 5, 12, 9, 22, 60, 0.4, 2600, True, False),
    ("new-intranet", 0, 0, "not asked", 9, 20, 38, 11, 1, 13.0, 120, True, True),
    ("sensor-gateway", 4, 5, "agreed", 7, 13, 11, 19, 3, 3.5, 900, True, True),
    ("key-vault-config", 12, 4, "may not be shared", 2, 6, 3, 8, 6, 1.0, 2300, True, False),
    ("slide-maker", 2, 1, "agreed", 3, 11, 27, 4, 2, 5.0, 400, True, True),
    ("unit-converter", 5, 3, "agreed", 2, 4, 3, 7, 110, 0.1, 2900, False, False),
]
# What stands in the way of each of the exercise's, in a sentence, and which patterns answer it.
OBSTACLES = {
    "date-picker": (
        "Others ask in five private chats how to build it; each gets another answer.",
        {"base-documentation", "communication-tooling"},
    ),
    "map-tiles": (
        "The hosts were twice left with half-finished code. They agree if that does not happen again.",
        {"warranty", "base-documentation"},
    ),
    "sensor-gateway": (
        "Two teams send changes every week; only one person may merge.",
        {"trusted-committer", "core-team"},
    ),
    "unit-converter": (
        "Four teams keep changed copies: each needs other units.",
        {"common-requirements"},
    ),
    "invoice-parser": ("The hosts have a deadline until summer and have said no.", set()),
    "model-garden": ("Nobody outside has a use for it yet.", set()),
    "new-intranet": ("It is a month from its first release.", set()),
    "key-vault-config": ("Security forbids that others read it.", set()),
    "slide-maker": ("Two teams use it and are content.", set()),
}
FEWEST_TEAMS, FEWEST_ASKED = 3, 3

# Changes of other teams: (opened on day, first answer, merged, released), days counted from the first; None: not yet.
# Seen on day 60 for "before" and on day 150 for "after" the paved path (template, named reviewers, bot that greets).
CHANGES = {
    "before": (
        60,
        [
            (1, 4, 9, 21), (3, 8, 10, 21), (5, 6, 8, 21), (9, 13, 20, 21), (12, 15, 16, 21), (14, 22, 30, 42),
            (20, 25, 28, 42), (23, 29, 33, 42), (27, 32, 40, 42), (31, 35, 36, 42), (36, 41, 44, 63), (40, 46, 50, 63),
        ],
    ),
    "after": (
        150,
        [
            (91, 92, 93, 105), (93, 94, 96, 105), (95, 97, 98, 105), (98, 99, 101, 105), (100, 102, 103, 105),
            (104, 105, 108, 126), (108, 110, 112, 126), (101, None, None, None), (106, None, None, None),
            (110, None, None, None), (113, None, None, None), (119, None, None, None), (124, None, None, None),
            (130, None, None, None), (136, None, None, None), (141, None, None, None),
        ],
    ),
}  # fmt: skip
EXERCISE_CHANGES = (
    50,
    [
        (2, 3, 5, 14), (4, 6, 7, 14), (6, 7, 9, 14), (9, 13, 15, 28), (12, 13, 20, 28), (15, 21, 24, 28),
        (18, None, None, None), (22, None, None, None), (25, 27, 30, 42), (29, None, None, None),
        (33, None, None, None), (40, 42, None, None), (49, None, None, None),
    ],
)  # fmt: skip


def portfolio(rows: list[tuple] = LESSON) -> pd.DataFrame:
    """A portfolio as a table: index repository, the other COLUMNS, and both activity scores."""
    table = pd.DataFrame(rows, columns=COLUMNS).set_index("repository")
    for brackets in ("earlier", "later"):
        table[f"score, {brackets}"] = [
            readiness.activity_score(row, brackets) for row in table.to_dict(orient="records")
        ]  # fmt: skip
    return table


def holds_as_candidate(row) -> bool:
    """Whether a repository is wanted by others, and its hosts will have them: what the course asks of a candidate."""
    return row["teams"] >= FEWEST_TEAMS and row["asked"] >= FEWEST_ASKED and row["host"] == "agreed"


def changes(which: str) -> pd.DataFrame:
    """A table of changes: opened, answered, merged, released (days), wait and age. which: "before", "after",
    "exercise".
    """
    seen, rows = EXERCISE_CHANGES if which == "exercise" else CHANGES[which]
    table = pd.DataFrame(rows, columns=["opened", "answered", "merged", "released"]).astype("Int64")
    table.index = pd.Index([f"change {at}" for at in range(1, len(table) + 1)], name="")
    return table.assign(wait=table["answered"] - table["opened"], age=seen - table["opened"])


def waits(which: str) -> list[int | None]:
    """The days to the first answer of each change of a table, None for one that still waits."""
    return [None if pd.isna(wait) else int(wait) for wait in changes(which)["wait"]]
