"""Gaps in a RACI table: who is responsible (does it), accountable (answers for it), consulted, informed.

A table is {task: {role: letters}}, letters of R, A, C and I, several for one role as "RA". The rules are the usual
ones: exactly one role is accountable for a task, and at least one is responsible. One role may be both.
"""

from collections.abc import Mapping

__all__ = ["FAULTS", "faults", "owner"]

FAULTS = {
    "none-accountable": "nobody answers for it",
    "two-accountable": "two answer for it, so nobody does",
    "nobody-does": "somebody answers for it, and nobody does it",
}


def faults(table: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """What is wrong with each task, keys of FAULTS; tasks in order are left out.

    Raises ValueError for a letter other than R, A, C, I.
    """
    found: dict[str, list[str]] = {}
    for task, roles in table.items():
        if strange := set("".join(roles.values())) - set("RACI"):
            raise ValueError(f"{task}: {', '.join(sorted(strange))} is no letter of R, A, C, I")
        accountable = sum("A" in letters for letters in roles.values())
        said = ["none-accountable"] * (accountable == 0) + ["two-accountable"] * (accountable > 1)
        said += ["nobody-does"] * (not any("R" in letters for letters in roles.values()))
        if said:
            found[task] = said
    return found


def owner(roles: Mapping[str, str]) -> str | None:
    """The one role that answers for a task; None if there is none or more than one."""
    accountable = [role for role, letters in roles.items() if "A" in letters]
    return accountable[0] if len(accountable) == 1 else None
