"""What the exercise of the lab "CLA, DCO, or neither?" reads from (counselor/community-engagement); all invented."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill, shorten

import pandas as pd

from ospolab import agreements
from ospolab.checks import given
from ospolab.forms import definition
from ospolab.lessons.signing import SIGNS

__all__ = ["COMMITS", "HOMES", "MUST", "WISHES", "brings_back", "count_key", "homes_shown", "told"]


def _commit(author: str, *signed: str, kind: str = "change", bot: bool = False, **more: str) -> dict:
    return {"author": author, "kind": kind, "bot": bot, "signed_off": list(signed), **more}


# A month of an invented project. Roles, not people.
COMMITS = [
    _commit("dev-1", "dev-1"),
    _commit("dev-2"),
    _commit("update-bot", bot=True),
    _commit("lead-1", kind="merge"),
    _commit("dev-3", "lead-1"),
    _commit("dev-1", "dev-1", "lead-1"),
    _commit("lead-1", "lead-1"),
    _commit("update-bot", "update-bot", bot=True),
    _commit("dev-4", "dev-4", kind="squash", **{"with": "dev-5"}),
    _commit("dev-2", "dev-2"),
    _commit("lead-2", kind="merge"),
    _commit("dev-6", "dev-6"),
]

_KEYS = ("licence", "no-cla", "holds-money", "eu-seat", "keeps-name")
# Seven invented homes, and how they answered.
HOMES = {
    "Anchor": dict(zip(_KEYS, (True, True, True, False, True), strict=True)),
    "Beacon": dict(zip(_KEYS, (True, True, True, True, False), strict=True)),
    "Cove": dict(zip(_KEYS, (True, False, True, True, True), strict=True)),
    "Dune": dict(zip(_KEYS, (False, True, True, True, True), strict=True)),
    "Estuary": dict(zip(_KEYS, (True, None, True, True, True), strict=True)),
    "Fjord": dict(zip(_KEYS, (True, True, False, True, False), strict=True)),
    "Gulf": dict(zip(_KEYS, (True, True, None, False, False), strict=True)),
}
MUST, WISHES = _KEYS[:3], _KEYS[3:]


def count_key() -> dict[str, float]:
    """The figures asked for about COMMITS: lines of any kind, commits counted, signed by their author, share in %."""
    signed, counted = agreements.coverage(COMMITS)
    return {
        "any-line": sum(bool(one["signed_off"]) for one in COMMITS),
        "counted": counted,
        "signed": signed,
        "share": 100 * signed / counted,
    }


def homes_shown() -> pd.DataFrame:
    """The invented homes as a table: yes, no, or ask where they have not answered."""
    table = pd.DataFrame.from_dict(HOMES, orient="index").map(lambda value: SIGNS[value])
    return table.rename_axis("home")


def brings_back(dropped: str) -> list[str]:
    """Homes that meet all five needs but `dropped`, once Estuary has answered that it asks for a CLA."""
    known = {**HOMES, "Estuary": {**HOMES["Estuary"], "no-cla": False}}
    return agreements.sift(known, [need for need in _KEYS if need != dropped]).fits


def told(task: str, table: str, key: Mapping[str, tuple[tuple[str, ...], str]], columns: tuple[str, ...]) -> list[bool]:
    """Whether each row of a form's table holds, in the order of `key`; a row holds only with all of its columns.

    key: row -> (accepted answers, why). An answer names its columns' values with a slash between ("fails/window").
    Prints every row that was answered with the set that is accepted and the reason: also where the answer was right,
    because a colleague may have given another one.
    """
    form = definition.task(task).field(table)
    rows = {row.value: _plain(row.text) for row in form.rows}
    texts = {one.id: {option.value: _plain(option.text) for option in one.options} for one in form.columns}
    answered, held = given(task).get(table, {}), []
    for row, (accepted, why) in key.items():
        cells = [answered.get(row, {}).get(column) for column in columns]
        held.append(None not in cells and "/".join(cells) in accepted)
        if any(cells):
            sets = [
                ", ".join(f"“{texts[column][value]}”" for column, value in zip(columns, one.split("/"), strict=True))
                for one in accepted
            ]
            sign = "✓" if held[-1] else "✗"
            said = f"{shorten(rows[row], 60, placeholder=' …')} Accepted: {'; or '.join(sets)}. {why}"
            print(fill(said, 100, initial_indent=f"{sign} ", subsequent_indent="  "))
    return held


def _plain(text: str) -> str:
    return " ".join(text.replace("**", "").replace("`", "").split())
