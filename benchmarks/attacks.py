"""What attacks on the grader come to, with stock nbgrader and with ours, on the same files: `tests/attacks`.

Prints a table and writes it for the book. Results of stock nbgrader, which take long, are kept in `_build` and used
again while neither an attack nor nbgrader has changed. Run it with `make bench`.
"""

import os
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

from ospolab import course
from ospolab.authoring import attacks

TABLE = course.root() / "book" / "_grading-attacks.md"
STORE = course.root() / "_build" / "attacks-stock.json"


def table(rows: list[dict[str, str]]) -> str:
    """The rows as a fragment of a page: how many attacks of each family come to something, then each of them."""
    stock = f"stock nbgrader {version('nbgrader')}"
    machine = f"Python {sys.version.split()[0]}, Linux {os.uname().release.split('-')[0]}"
    lines = [
        "<!-- Written by benchmarks/attacks.py (`make bench`); do not edit. -->",
        "",
        f"Of {len(rows)} attacks, **{gains(rows, 'stock')} come to something with {stock}, {gains(rows, 'ours')} with "
        f"`ospolab grade`** ({date.today()}, {machine}).",
        "",
        "| Family | Attacks | come to something with nbgrader | with `ospolab grade` |",
        "|---|--:|--:|--:|",
    ]
    families = {
        kind: [row for row in rows if row["kind"] == kind] for kind in dict.fromkeys(row["kind"] for row in rows)
    }
    for kind, some in families.items():
        lines.append(f"| {kind} | {len(some)} | {gains(some, 'stock')} | {gains(some, 'ours')} |")
    lines += ["", ":::{dropdown} Each attack, and what came of it", ""]
    for kind, some in families.items():
        lines += [f"**{kind}**", ""]
        lines += [f"- {_text(r['what'])} *nbgrader:* {_text(r['stock'])}. *Ours:* {_text(r['ours'])}." for r in some]
        lines.append("")
    return "\n".join([*lines, ":::"]) + "\n"


def gains(rows: list[dict[str, str]], side: str) -> int:
    return sum(not row[side].startswith("no gain") for row in rows)


def _text(text: str) -> str:
    for sign in "\\`*_<$[":
        text = text.replace(sign, f"\\{sign}")
    return text


def main() -> None:
    from ospolab.grading import sandbox

    if reason := sandbox.probe():
        print(f"Attacks were not run. {reason}")
        return
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    rows = list(attacks.rows([attacks.attack(name) for name in attacks.names()], STORE))
    for row in rows:
        print(f"{row['name']:28} stock: {row['stock']:60} ours: {row['ours']}")
    TABLE.write_text(table(rows), encoding="utf-8")
    print(f"{TABLE.relative_to(course.root())} written.")


if __name__ == "__main__":
    main()
