"""Pages of the book that are derived: the grid, the data register, outcomes, activities and the learners' paths.

They are committed, so that the book can be read and reviewed without building it; a test compares them with what this
module writes. Run `python -m ospolab.authoring.pages` after changing `_toc.yml`, `curriculum.yml`, `tables.yml`, a
table, a lesson, a quiz or an exercise.
"""

import csv
from dataclasses import dataclass
from html import escape
from pathlib import Path

import yaml

from ospolab import data
from ospolab.authoring import glossary, labs, outcomes
from ospolab.authoring.plan import activities_page, paths_part

ROOT = Path(__file__).resolve().parents[3]
FIRST_ROWS = 5

# Folders of lessons that stand outside the grid of roles and pillars, and how the landing page introduces them.
BANDS = {
    "foundations": ("Foundations", "before the labs: what an office does, why, and in which forms"),
    "capstone": ("Capstone", "after the labs: your papers read against each other and bound into a handbook"),
}


@dataclass(frozen=True)
class Table:
    """One fact table: its words (`tables.yml`), its origin (`register.csv`) and its first rows."""

    name: str
    words: dict
    register: dict
    header: list[str]
    first_rows: list[list[str]]

    @property
    def sources(self) -> list[tuple[str, str, str]]:
        """Repository, commit and snapshot date of every source; the register keeps the three lists in one order."""
        columns = (self.register[key].split(";") for key in ("source", "commit", "snapshot_date"))
        return list(zip(*columns, strict=True))

    @property
    def snapshot(self) -> str:
        """The snapshot date, or the oldest and the newest of several."""
        dates = sorted(date for _, _, date in self.sources)
        return dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"


# ---------------------------------------------------------------------------------------------------------- reading


def read_tables(root: Path = ROOT) -> list[Table]:
    """Every table of the register, in alphabetical order. Raises KeyError for a table without words."""
    folder = root / "src/ospolab/data"
    words = yaml.safe_load((folder / "tables.yml").read_text("utf-8"))
    with (folder / "tables/register.csv").open(encoding="utf-8", newline="") as file:
        register = {row["table"].removesuffix(".csv"): row for row in csv.DictReader(file)}
    tables = []
    for name in sorted(register):
        with (folder / f"tables/{name}.csv").open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader)
            rows = [row for _, row in zip(range(FIRST_ROWS), reader, strict=False)]
        tables.append(Table(name, words[name], register[name], header, rows))
    return tables


def toc_files(root: Path = ROOT) -> list[str]:
    """Every entry of `_toc.yml`, in reading order, without file endings; the first is the landing page."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))

    def walk(entries: list[dict]) -> list[str]:
        files = []
        for entry in entries:
            if "file" in entry:
                files.append(entry["file"])
            for below in ("chapters", "sections"):
                files.extend(walk(entry.get(below, [])))
        return files

    return [toc["root"], *walk(toc.get("parts", [])), *walk(toc.get("chapters", []))]


# ------------------------------------------------------------------------------------------------------------- grid


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cell(lesson: dict, ready: set[str]) -> tuple[str, str]:
    """Class and inner HTML of one lesson: a link where it exists, otherwise its title and the words `to come`."""
    title = f'<span class="lab-title">{escape(lesson["title"])}</span>'
    paper = f'<span class="lab-paper">Paper: {escape(lesson["paper"])}</span>' if "paper" in lesson else ""
    if lesson["stem"] in ready:
        link = f'<a class="lab-link" href="../notebooks/{lesson["stem"]}.html">{title}</a>'
        return "lab lab-ready", f'{link}{paper}<span class="lab-state">Ready</span>'
    return "lab lab-to-come", f'{title}{paper}<span class="lab-state">To come</span>'


def _band(folder: str, lessons: list[dict], ready: set[str]) -> list[str]:
    """Lessons outside the grid, as a list with a heading."""
    heading, says = BANDS[folder]
    lines = [f'<section class="band" aria-labelledby="band-{folder}">']
    lines.append(f'<h3 id="band-{folder}">{heading} <small>{says}</small></h3>')
    lines.append('<ol class="labs">')
    for lesson in lessons:
        kind, inner = _cell(lesson, ready)
        lines.append(f'<li class="{kind}">{inner}</li>')
    return [*lines, "</ol>", "</section>"]


def _heading(folder: str, key: str, about: dict, says: str, files: set[str]) -> str:
    """Inner HTML of a row's or column's heading: its title, linked where the role or pillar has a page."""
    title, page = escape(about["title"]), f"{folder}/{key}"
    name = f'<a href="{page}.html">{title}</a>' if f"book/{page}" in files else title
    return f"{name} <small>{escape(about[says])}</small>"


def grid(root: Path = ROOT) -> str:
    """The course at a glance: foundations, the 4 x 4 grid of roles and pillars, capstone.

    Plain HTML with explicit table roles, because the style sheet lays the table out as cards on a small screen and
    browsers then forget that it was a table.
    """
    plan = yaml.safe_load((root / "src/ospolab/curriculum.yml").read_text("utf-8"))
    files = set(toc_files(root))
    ready = {file.removeprefix("notebooks/") for file in files if file.startswith("notebooks/")}
    lessons = {lesson["stem"]: lesson for lesson in plan["lessons"]}
    outside = {folder: [x for stem, x in lessons.items() if stem.startswith(folder + "/")] for folder in BANDS}
    done = sum(stem in ready for stem in lessons)
    verb = "is" if done == 1 else "are"

    lines = ["<!-- Derived by ospolab.authoring.pages; do not edit. -->", '<div class="ospolab-map">']
    lines.append(
        f'<p class="map-state">{done} of {_plural(len(lessons), "lesson")} {verb} ready. '
        "The others are marked <em>to come</em>.</p>"
    )
    lines += _band("foundations", outside["foundations"], ready)
    lines.append('<table class="ospolab-grid" role="table">')
    lines.append("<caption>The labs: four roles by four pillars</caption>")
    lines.append('<thead role="rowgroup"><tr role="row"><td class="corner" role="cell"></td>')
    for pillar, about in plan["pillars"].items():
        inner = _heading("pillars", pillar, about, "asks", files)
        lines.append(f'<th scope="col" role="columnheader">{inner}</th>')
    lines.append('</tr></thead><tbody role="rowgroup">')
    for role, about in plan["roles"].items():
        inner = _heading("roles", role, about, "does", files)
        lines.append(f'<tr role="row" class="role-{role}"><th scope="row" role="rowheader">{inner}</th>')
        for pillar, what in plan["pillars"].items():
            kind, inner = _cell(lessons[f"{role}/{pillar}"], ready)
            lines.append(f'<td class="{kind}" role="cell" data-pillar="{escape(what["title"])}">{inner}</td>')
        lines.append("</tr>")
    lines.append("</tbody></table>")
    lines += _band("capstone", outside["capstone"], ready)
    lines.append("</div>")
    return "\n".join(lines) + "\n"


# --------------------------------------------------------------------------------------------------- data register


def _scrolling_table(name: str, header: list[str], rows: list[list[str]]) -> str:
    """Raw values as an HTML table that scrolls inside its own box; Markdown would read `_`, `*` and `|` in them."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="ospolab-scroll" role="region" aria-label="First rows of {name}" tabindex="0">\n'
        f'<table class="ospolab-rows">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>'
    )


def _origin(table: Table) -> str:
    """Where the table comes from: facts in one list; several repositories as a table of their own."""
    lines = [
        f"- **Rows:** {int(table.register['rows']):,}",
        f"- **Licence of the source:** {table.register['licence']}",
        f"- **Snapshot:** {table.snapshot}",
    ]
    if len(table.sources) == 1:
        repository, commit, _ = table.sources[0]
        # What was counted in the course itself has no repository but the one this page is in.
        linked = f"[{repository}](https://github.com/{repository})" if "/" in repository else repository
        lines.append(f"- **Source:** {linked} at commit `{commit}`")
    else:
        lines.append(f"- **Sources:** {len(table.sources)} repositories, listed [below](#sources)")
    return "\n".join([*lines, f"- **SHA-256:** `{table.register['sha256']}`"])


def _sources(table: Table) -> str:
    lines = ["| repository | commit | newest commit in the snapshot |", "|---|---|---|"]
    for repository, commit, date in table.sources:
        lines.append(f"| [{repository}](https://github.com/{repository}) | `{commit}` | {date} |")
    return "\n".join(lines)


def table_page(table: Table) -> str:
    """The page of one table, as Markdown."""
    words = table.words
    columns = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in words["columns"].items())
    traps = "\n".join(f"- {trap}" for trap in words["traps"])
    parts = [
        "<!-- Derived by ospolab.authoring.pages; do not edit. -->",
        f"# {words['title']}",
        f"A row of `{table.name}` is **{words['row']}**.",
        f'```python\nfrom ospolab.data import load\n\nload("{table.name}")\n```',
        _origin(table),
    ]
    if words["attribution"]:
        parts.append(f'<div class="alert alert-info">\n\n**Keep this notice.** {words["attribution"]}\n\n</div>')
    parts += [
        "## Traps",
        traps,
        "## Columns",
        f"| column | meaning |\n|---|---|\n{columns}",
        "## First rows",
        _scrolling_table(table.name, table.header, table.first_rows),
        "## How it was reduced",
        words["reduced"],
    ]
    if len(table.sources) > 1:
        parts += ["## Sources", _sources(table)]
    return "\n\n".join(parts) + "\n"


def register_page(tables: list[Table]) -> str:
    """The overview of all tables, as Markdown."""
    lines = []
    for table in tables:
        licence = table.register["licence"]
        licence = "several" if ";" in licence else licence
        rows = f"{int(table.register['rows']):,}"
        newest = max(date for _, _, date in table.sources)
        lines.append(f"| [{table.name}]({table.name}.md) | {table.words['title']} | {rows} | {licence} | {newest} |")
    listing = "\n".join(lines)
    return f"""<!-- Derived by ospolab.authoring.pages; do not edit. -->

# Data register

Lessons and exercises work on {len(tables)} small tables of facts, reduced from public sources and frozen, so that a
number you compute today is the number the grader computed. Each has a page that says what a row is, where it comes
from, what was done to it, and how it misleads.

```python
from ospolab.data import load

load("handover_monthly")
```

| table | what it holds | rows | licence | snapshot |
|---|---|---:|---|---|
{listing}

## What was kept, and what was not

The tables hold figures and identifiers only: no sentences from the sources, no code, no names, addresses or accounts of
people. Contributors are random ids, and nobody kept the list that would turn them back. A value that could not be had
is empty; none was guessed. What is counted was counted by a second route as well.

A snapshot date is the day of the newest commit in the copy of the source that was read; of several sources, the newest
is shown here and each on the table's page. Some rows of `license_decisions` and three histories of `project_activity`
are held out for grading.

## Reading them without the course

The tables are plain CSV files (UTF-8, one header row, ISO dates, quarters as `2024Q3`, booleans as `true` and `false`)
in `src/ospolab/data/tables/`. Take them, with the notice on the table's page where its licence asks for one. Facts as
such are not protected; this is not legal advice. [Documents](documents.md) that are no tables have a page of their own.
"""


def documents_page(documents: dict[str, dict]) -> str:
    """The page of the documents that are no tables: bills of materials and the like, as Markdown."""
    parts = [
        "<!-- Derived by ospolab.authoring.pages; do not edit. -->",
        "# Documents",
        "Some lessons work on whole files as an office gets them, and not on tables: bills of materials, mostly. "
        "They are frozen like the tables, and have a register of their own. Figures and identifiers only; no names, "
        "addresses or accounts of people.",
        '```python\nfrom ospolab.data import document\n\ndocument("field-portal.cdx.json")\n```',
    ]
    for name, about in sorted(documents.items()):
        limits = "\n".join(f"- {limit}" for limit in about["limits"])
        parts += [
            f"## {about['title']}",
            f"- **File:** `{name}`, {about['kind']}\n- **Made:** {about['date']}; {about['source']}\n"
            f"- **Licence:** {about['licence']}\n- **SHA-256:** `{about['sha256']}`",
            f"What must not be read into it:\n\n{limits}",
        ]
    return "\n\n".join(parts) + "\n"


# ------------------------------------------------------------------------------------------------------------ files


def derived(root: Path = ROOT) -> dict[Path, str]:
    """Every derived page: its path under `root`, and the text it should have."""
    tables = read_tables(root)
    book = root / "book"
    pages = {book / "_grid.html": grid(root), book / "data/index.md": register_page(tables)}
    pages |= {book / "data/documents.md": documents_page(data.documents())}
    pages |= {book / "outcomes.md": outcomes.page(root), book / "activities.md": activities_page(root)}
    pages |= {book / "_paths.md": paths_part(root)} | labs.pages_of(root)
    entries = glossary.load()
    pages |= {book / "glossary.md": glossary.page(entries, toc_files(root))}
    pages |= {root / "src/ospolab/learner/glossary.md": glossary.plain(entries)}
    return pages | {book / f"data/{table.name}.md": table_page(table) for table in tables}


def stale(root: Path = ROOT) -> list[Path]:
    """Derived pages that are missing, differ from what they should be, or belong to no table any more."""
    pages = derived(root)
    changed = [path for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
    return changed + sorted(path for path in (root / "book/data").glob("*.md") if path not in pages)


def write(root: Path = ROOT) -> list[Path]:
    """Bring every derived page up to date; returns the paths that were written or removed."""
    pages = derived(root)
    touched = stale(root)
    for path in touched:
        if path in pages:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[path], "utf-8", newline="\n")
        else:
            path.unlink()
    return touched


if __name__ == "__main__":
    for changed in write():
        print(changed.relative_to(ROOT))
