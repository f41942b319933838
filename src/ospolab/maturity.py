"""The five stages of an open source office, read as the model says: cumulatively.

The stages and their evidence are in the table `ospo_stages`, reduced from the five-stage model and checklist of the
TODO Group. The model says that a stage holds the tasks of those before it. It does not say how much of a stage is
enough: `least` is our rule, and every placement has to name it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from ospolab.data import rows

__all__ = ["ALL", "NAMES", "Item", "behind", "held", "items", "next_gaps", "stage_of"]

NAMES = {
    0: "ad hoc",
    1: "compliance, inventory, training",
    2: "taking part",
    3: "hosting projects",
    4: "partner in decisions",
}
ALL = 1.0  # the course's rule: a stage is reached when all its evidence can be shown


class Item(NamedTuple):
    """One piece of evidence for a stage. theme: its key in the table. words: what is to be shown."""

    stage: int
    theme: str
    words: str


@cache
def items() -> dict[str, Item]:
    """The evidence of stages 1 to 4, by id: "1-5" is the fifth of stage 1. Stage 0 has symptoms, and no evidence."""
    return {
        f"{row['stage']}-{row['item']}": Item(int(row["stage"]), row["theme"], row["evidence"])
        for row in rows("ospo_stages")
        if row["stage"] != "0"
    }


def held(shown: Collection[str]) -> dict[int, tuple[int, int]]:
    """For each stage how many of its pieces are shown, and of how many. shown: ids; unknown ones raise ValueError."""
    if unknown := sorted(set(shown) - set(items())):
        raise ValueError(f"no such evidence: {', '.join(unknown)}")
    return {
        stage: (
            sum(items()[id_].stage == stage for id_ in set(shown)),
            sum(item.stage == stage for item in items().values()),
        )
        for stage in (1, 2, 3, 4)
    }


def stage_of(shown: Collection[str], least: float = ALL) -> int:
    """The stage that evidence carries, 0 to 4: the last one before the first gap.

    shown: ids of `items`. least: share of each stage's evidence that must be shown, in (0, 1]. Raises ValueError
    otherwise. Source: TODO Group, The Five-Stage OSPO Maturity Model: each stage is cumulative.
    """
    if not 0 < least <= 1:
        raise ValueError(f"least is {least}; expected more than 0 and at most 1")
    reached = 0
    for stage, (there, of) in held(shown).items():
        if there < least * of - 1e-9:
            break
        reached = stage
    return reached


def next_gaps(shown: Collection[str]) -> list[str]:
    """Ids of what the next stage still lacks; what comes first. [] at stage 4."""
    wanted = stage_of(shown) + 1
    return [id_ for id_, item in items().items() if item.stage == wanted and id_ not in shown]


def behind(shown: Collection[str]) -> list[str]:
    """Ids that are shown above the first gap: there, useful, and not counted by the stage."""
    return [id_ for id_ in items() if id_ in shown and items()[id_].stage > stage_of(shown) + 1]
