"""Requests placed on the grid of four roles and four pillars: which places hold, and what is said of those that do not.

A place is written "counselor/strategy". A request has one place or several that can be defended.
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill

from ospolab.checks import given
from ospolab.forms import definition

__all__ = ["held", "mark", "remind"]


def held(role: str | None, pillar: str | None, places: Iterable[str]) -> float:
    """How far a place holds: 1.0 if it is one of `places`, 0.25 if its role or its pillar is that of one, else 0.0.

    The role of one of `places` with the pillar of another is a quarter right: a place is a pair.
    """
    pairs = [tuple(place.split("/")) for place in places]
    if (role, pillar) in pairs:
        return 1.0
    return 0.25 if any(role == one or pillar == other for one, other in pairs) else 0.0


def mark(task: str, key: dict[str, dict[str, str]]) -> list[float]:
    """How far each answer of a routing form holds, between 0 and 1; prints what holds where an answer does not.

    task: a form with the table `requests` (columns role, pillar and perhaps hand: what the office does with it), and
    perhaps the table `second` (role, pillar): another place for some of the requests, which must differ from the first.
    key: request -> {"places": "role/pillar ...", the best first; "hands": "decides ...", if asked; "why": a sentence}.
    One part for each place, hand and second place that is asked for. What is not answered is 0.0 and prints nothing.
    """
    form, answered = definition.task(task), given(task)
    first, second = answered.get("requests", {}), answered.get("second", {})
    senders = _senders(form)
    again = {row.value for row in form.field("second").rows} if form.field("second") else set()
    parts: list[float] = []
    for request, sound in key.items():
        places, hands = sound["places"].split(), sound.get("hands", "").split()
        cell, other = first.get(request, {}), second.get(request, {})
        place, another = ((answer.get("role"), answer.get("pillar")) for answer in (cell, other))
        holding = _either(places)
        judged = [(held(*place, places), cell, holding)]
        if hands:
            hand = cell.get("hand")
            judged.append((float(hand in hands), hand, f"the office {_either(hands)}"))
        if request in again:
            share = 0.0 if another == place else held(*another, places)
            judged.append((share, other, f"as a second place, another one of {holding}"))
        parts += [share for share, *_ in judged]
        if told := [holds for share, answer, holds in judged if answer and share < 1]:
            line = f"{senders[request]}. What holds: {'; '.join(told)}. {sound['why']}"
            print(fill(line, 100, initial_indent="- ", subsequent_indent="  "))
    return parts


def remind(task: str) -> None:
    """Print which second places of a routing form are the first ones said again: those are not second ones."""
    answered = given(task)
    first, second = answered.get("requests", {}), answered.get("second", {})
    senders = _senders(definition.task(task))
    for request, other in second.items():
        place = {key: first.get(request, {}).get(key) for key in ("role", "pillar")}
        if other == place:
            print(f"{senders[request]}: the second place is the first one again; name another.")


def _senders(form: definition.Task) -> dict[str, str]:
    return {row.value: row.text.split(":")[0].strip("* ") for row in form.field("requests").rows}


def _either(keys: list[str]) -> str:
    """Places or hands in words: "Counselor × Strategy or Environmentalist × Governance", "advises or passes on"."""
    titles = [" × ".join(part.capitalize() if "/" in key else part for part in key.split("/")) for key in keys]
    *others, last = [title.replace("-", " ") for title in titles]
    return " or ".join([", ".join(others), last] if others else [last])
