"""What attacks on the grader come to, with stock nbgrader and with ours, on the same files: `tests/attacks`.

Prints a table and writes it for the book. Results of stock nbgrader, which take long, are kept in `_build` and used
again while neither an attack nor nbgrader has changed. Run it with `make bench`.
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path

from ospolab import course
from ospolab.authoring import attacks

TABLE = course.root() / "book" / "grading-attacks-table.md"
STORE = course.root() / "_build" / "attacks-stock.json"


def table(rows: list[dict[str, str]]) -> str:
    """The rows as a fragment of a page: how many attacks come to something, then each of them."""
    stock = f"stock nbgrader {version('nbgrader')}"
    fell = {side: sum(not row[side].startswith("no gain") for row in rows) for side in ("stock", "ours")}
    lines = [
        "<!-- Written by benchmarks/attacks.py (`make bench`); do not edit. -->",
        "",
        f"Of {len(rows)} attacks, {fell['stock']} come to something with {stock}, {fell['ours']} with `ospolab grade`.",
        "",
        f"| Family | Attack | With {stock} | With `ospolab grade` |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row['kind']} | {_cell(row['what'])} | {_cell(row['stock'])} | {_cell(row['ours'])} |" for row in rows
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("$", "\\$").replace("*", "\\*")


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
