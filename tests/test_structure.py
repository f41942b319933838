"""What lessons and exercises are made of, checked without running them.

Each check takes a notebook and returns complaints, so that it can be shown to fail: `LESSON_BREAKS` and
`EXERCISE_BREAKS` hold, for every check, a way to break a miniature that is sound otherwise.
"""

import copy
import json
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

from ospolab.authoring import pages
from ospolab.authoring.outcomes import OUTCOME, graded, markdown, named, outcome_items, points, promised, read, section

ROOT = Path(__file__).resolve().parents[1]
PLAN = yaml.safe_load((ROOT / "src/ospolab/curriculum.yml").read_text("utf-8"))["lessons"]
TOC = pages.toc_files(ROOT)

SECTIONS = [
    "You will be able to",
    "Prerequisites",
    "Other sectors, other sizes",
    "Check yourself",
    "Summary",
    "What's next",
    "Sources",
]
OUTCOMES = range(3, 6)
QUESTIONS = range(4, 7)
CELL_LINES = 8
LINE_LENGTH = 100
LONG_LINES = 0.1
POINTS = 20
FORM_SHARE = 0.6

READABLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
GENERATED = re.compile(r"(^|-)(cell|[0-9a-f]{8,})(-|$)")
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b|\b\d{1,2} [A-Z][a-z]+ 20\d\d\b")
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|Users|tmp|work|private|var/folders|mnt)/\w|\b[A-Z]:\\+Users\b")
REGISTRY = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|anaconda\.(?:org|com)|crates\.io|docker\.io|ghcr\.io|quay\.io"
    r"|rubygems\.org|repo\.maven\.apache\.org)\b",
    re.IGNORECASE,
)


# ------------------------------------------------------------------------------------------------- reading a notebook


def notebooks(folder: str) -> list[Path]:
    """All notebooks below a folder of the course, without what Jupyter leaves behind."""
    return sorted(path for path in (ROOT / folder).rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def stem_of(path: Path) -> str:
    return path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def headings(notebook) -> list[str]:
    """Level-two headings, in order."""
    return [line[3:].strip() for line in markdown(notebook).splitlines() if line.startswith("## ")]


def opening(notebook) -> str:
    """The Markdown before the first level-two heading."""
    return re.split(r"(?m)^## ", markdown(notebook), maxsplit=1)[0]


def html_parts(notebook) -> list[str]:
    """Everything of a notebook that a page shows as HTML: Markdown with its HTML, and HTML outputs."""
    parts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    for cell in code_cells(notebook):
        for output in cell.outputs:
            text = output.get("data", {}).get("text/html", "")
            parts.append("".join(text) if isinstance(text, list) else text)
    return parts


# -------------------------------------------------------------------------------------------- checks of any notebook


def check_errors(notebook) -> list[str]:
    """No stored output is an error, and none is a warning on stderr."""
    said = []
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in cell.outputs:
            if output.output_type == "error":
                said.append(f"code cell {number} stores an error: {output.ename}: {output.evalue}")
            elif output.output_type == "stream" and output.name == "stderr":
                said.append(f"code cell {number} stores a message on stderr: {output.text[:80]!r}")
    return said


def check_alternatives(notebook) -> list[str]:
    """Every picture says what it shows."""
    said = [
        f"picture without text: {found.group(0)}" for found in re.finditer(r"!\[\s*\]\([^)]*\)", markdown(notebook))
    ]
    for part in html_parts(notebook):
        soup = BeautifulSoup(part, "html.parser")
        said += [f"no alt text: {str(tag)[:80]}" for tag in soup("img") if not tag.get("alt", "").strip()]
        said += [f"no name: {str(tag)[:80]}" for tag in soup("svg") if not svg_named(tag)]
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in cell.outputs:
            data = output.get("data", {})
            if any(kind.startswith("image/") for kind in data) and "text/html" not in data:
                said.append(f"code cell {number} shows a bare picture; use ospolab.lessons.figures, which asks for alt")
    return said


def svg_named(tag) -> bool:
    """True for a drawing that has a name or is hidden from those who listen."""
    hidden = tag.get("aria-hidden") == "true" or tag.find_parent(attrs={"aria-hidden": "true"}) is not None
    title = tag.find("title", recursive=False)
    return hidden or bool(
        tag.get("aria-label", "").strip() or tag.get("aria-labelledby") or (title and title.get_text(strip=True))
    )


def check_widgets(notebook) -> list[str]:
    """Every widget has HTML beside it: the pages of the book load no widget script."""
    view = "application/vnd.jupyter.widget-view+json"
    return [
        f"code cell {number} stores a widget without text/html"
        for number, cell in enumerate(code_cells(notebook), 1)
        for output in cell.outputs
        if view in output.get("data", {}) and "text/html" not in output.data
    ]


def check_places(notebook) -> list[str]:
    """No path of the machine it was written on, and no host of a package registry."""
    text = json.dumps(notebook, ensure_ascii=False)
    return [f"names {what}: …{text[max(0, hit.start() - 30) : hit.end() + 30]}…" for what, hit in places(text)]


def places(text: str):
    yield from (("a machine path", hit) for hit in MACHINE_PATH.finditer(text))
    yield from (("a registry host", hit) for hit in REGISTRY.finditer(text))


# ------------------------------------------------------------------------------------------------- checks of a lesson


def check_opening(notebook) -> list[str]:
    """A title, then the one question the lesson answers."""
    said = []
    if len(re.findall(r"(?m)^# \S", markdown(notebook))) != 1 or not opening(notebook).lstrip().startswith("# "):
        said.append("expected one title (# ...) at the very beginning")
    if "?" not in opening(notebook):
        said.append("expected the lesson's question before the first section")
    return said


def check_sections(notebook) -> list[str]:
    """The sections every lesson has, in their order."""
    there = headings(notebook)
    missing = [heading for heading in SECTIONS if heading not in there]
    if missing:
        return [f'expected a section "## {heading}"' for heading in missing]
    order = [there.index(heading) for heading in SECTIONS]
    return [] if order == sorted(order) else [f"expected the sections in this order: {', '.join(SECTIONS)}"]


def check_prerequisites(notebook) -> list[str]:
    """Prerequisites as a table, the minutes it takes, and the activities of the definition it covers."""
    text = "\n".join(cell.source for cell in section(notebook, "Prerequisites"))
    wanted = {
        "a table": r"(?m)^\|.+\|\s*$\n^\|[ :|-]+\|",
        "the minutes it takes (40 minutes)": r"\d+ minutes",
        "the activities of the OSPO definition": r"Activities of the (?:OSPO )?definition",
    }
    return [f"expected {what} under Prerequisites" for what, how in wanted.items() if not re.search(how, text)]


def check_trap(notebook) -> list[str]:
    return [] if re.search(r"\bTrap\b", markdown(notebook)) else ['expected a trap, called by its name: "Trap"']


def check_sectors(notebook) -> list[str]:
    text = "\n".join(cell.source for cell in section(notebook, "Other sectors, other sizes"))
    number = len(BeautifulSoup(text, "html.parser").select("details.sector > summary"))
    return [] if number >= 2 else [f'expected at least two <details class="sector"> with a summary, found {number}']


def check_quiz_shown(notebook, stem: str) -> list[str]:
    shown = "\n".join(cell.source for cell in section(notebook, "Check yourself") if cell.cell_type == "code")
    call = re.search(r"quiz\(\s*[\"']([^\"']+)[\"']", shown)
    if not call or call.group(1) != stem:
        return [f'expected quiz("{stem}") under "Check yourself"']
    return []


def check_boxes(notebook) -> list[str]:
    """No alert box: in JupyterLab's dark theme it is pale on pale. A quotation is legible in both themes."""
    return ["expected a quotation (> ...) in the place of an alert box"] if 'class="alert' in markdown(notebook) else []


def check_sources(notebook) -> list[str]:
    text = "\n".join(cell.source for cell in section(notebook, "Sources"))
    return [] if DATE.search(text) else ["expected a date (2026-11-22) under Sources: when was it last checked?"]


def check_outcomes(notebook, stem: str) -> list[str]:
    """Three to five outcomes, each ending in its id, numbered through."""
    items, ids = outcome_items(notebook), list(promised(notebook))
    said = [
        f"expected the item to end in its id, as `{stem.replace('/', '.')}.1`: {item}"
        for item in items
        if not OUTCOME.match(item)
    ]
    if len(items) not in OUTCOMES:
        said.append(f"expected {OUTCOMES.start} to {OUTCOMES.stop - 1} numbered outcomes, found {len(items)}")
    expected = [f"{stem.replace('/', '.')}.{number}" for number in range(1, len(items) + 1)]
    if not said and ids != expected:
        said.append(f"expected the ids {', '.join(expected)}; found {', '.join(ids)}")
    return said


def check_taught(notebook) -> list[str]:
    """Every outcome is taught by a cell, and every cell teaches an outcome that exists."""
    ids, taught = promised(notebook), named(notebook, "teaches")
    said = [f"no cell teaches {id_} (metadata.ospolab.teaches)" for id_ in ids if id_ not in taught]
    return said + [f"a cell teaches {id_}, which is no outcome" for id_ in sorted(set(taught) - set(ids))]


def check_cell_length(notebook) -> list[str]:
    said, every = [], []
    for number, cell in enumerate(code_cells(notebook), 1):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        every += lines
        if len(lines) > CELL_LINES:
            said.append(f"code cell {number} has {len(lines)} lines, expected at most {CELL_LINES}")
    long_lines = [line for line in every if len(line) > LINE_LENGTH]
    if len(long_lines) > LONG_LINES * len(every):
        said.append(
            f"{len(long_lines)} of {len(every)} lines of code are longer than {LINE_LENGTH} characters, "
            f"expected at most {LONG_LINES:.0%}: {[line.strip()[:40] for line in long_lines]}"
        )
    return said


def check_run_in_order(notebook) -> list[str]:
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if not counts:
        return ["expected code cells, found none"]
    if counts == list(range(1, len(counts) + 1)):
        return []
    return [f"expected cells run in order, 1 to {len(counts)}; found {counts}. Run `make notebooks`"]


LESSON_CHECKS = [
    check_errors, check_alternatives, check_widgets, check_places, check_opening, check_sections, check_prerequisites,
    check_trap, check_sectors, check_boxes, check_sources, check_taught, check_cell_length, check_run_in_order,
]  # fmt: skip
STEM_CHECKS = [check_quiz_shown, check_outcomes]


# --------------------------------------------------------------------------------------------- checks of an exercise


def check_points(notebook) -> list[str]:
    total = points(graded(notebook))
    return [] if total == POINTS else [f"the points add up to {total:g}, expected {POINTS}"]


def check_grade_ids(notebook) -> list[str]:
    """Grade ids read as words and occur once; that of a test is `<task>-<what it checks>`."""
    cells = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id")]
    said = []
    for cell in cells:
        id_ = cell.metadata.nbgrader.grade_id
        # Code that is graded checks one thing of a task; any other cell is the task, or leads to it.
        words = 2 if cell.cell_type == "code" and cell.metadata.nbgrader.grade else 1
        if not READABLE.fullmatch(id_) or GENERATED.search(id_) or len(id_.split("-")) < words:
            said.append(f'grade_id "{id_}": expected words, as in curves-lag')
    times = Counter(cell.metadata.nbgrader.grade_id for cell in cells)
    return said + [f'grade_id "{id_}" occurs {n} times' for id_, n in times.items() if n > 1]


def check_graded_by(notebook) -> list[str]:
    """Each graded cell says how its points are earned, and enough of them in forms."""
    cells = graded(notebook)
    ways = {cell.metadata.nbgrader.grade_id: cell.metadata.get("ospolab", {}).get("by") for cell in cells}
    said = [
        f"{id_}: metadata.ospolab.by is {by}, expected form, code or human"
        for id_, by in ways.items()
        if by not in ("form", "code", "human")
    ]
    total = points(cells)
    by_form = points([cell for cell in cells if ways[cell.metadata.nbgrader.grade_id] == "form"])
    if by_form < FORM_SHARE * total or not total:
        said.append(f"{by_form:g} of {total:g} points are earned in forms, expected at least {FORM_SHARE:.0%}")
    return said


def check_assesses(notebook, known: set[str]) -> list[str]:
    """Each graded cell assesses an outcome, and each of the lessons' outcomes is assessed."""
    said = [
        f"{cell.metadata.nbgrader.grade_id}: metadata.ospolab.assesses names no outcome"
        for cell in graded(notebook)
        if not cell.metadata.get("ospolab", {}).get("assesses")
    ]
    assessed = {id_ for cell in graded(notebook) for id_ in cell.metadata.get("ospolab", {}).get("assesses", [])}
    said += [f"no graded cell assesses {id_}" for id_ in sorted(known - assessed)]
    used = set(named(notebook, "assesses"))
    return said + [f"a cell assesses {id_}, which is no outcome" for id_ in sorted(used - known)]


EXERCISE_CHECKS = [
    check_errors,
    check_alternatives,
    check_widgets,
    check_places,
    check_points,
    check_grade_ids,
    check_graded_by,
]


def check_quiz(questions: list[dict], known: set[str]) -> list[str]:
    """Enough questions, each about an outcome that exists, each option with its explanation."""
    said = []
    if len(questions) not in QUESTIONS:
        said.append(f"expected {QUESTIONS.start} to {QUESTIONS.stop - 1} questions, found {len(questions)}")
    for question in questions:
        if question.get("outcome") not in known:
            said.append(f"{question.get('id')}: asks about {question.get('outcome')}, which is no outcome")
        said += [
            f"{question.get('id')}: no explanation for the option {option.get('text')!r}"
            for option in question.get("options", [])
            if not str(option.get("why", "")).strip()
        ]
    return said + check_quiz_gives_nothing_away(questions)


def check_quiz_gives_nothing_away(questions: list[dict]) -> list[str]:
    """The right option is not always in the same place, nor always the longest."""
    places = [[bool(o.get("correct")) for o in q["options"]].index(True) for q in questions if q.get("options")]
    lengths = [[len(str(option.get("text"))) for option in q["options"]] for q in questions if q.get("options")]
    longest = sum(size[at] == max(size) > min(size) for at, size in zip(places, lengths, strict=True))
    said = []
    if len(set(places)) == 1 and len(places) > 1:
        said.append(f"the right option always stands in place {places[0] + 1}: move some")
    if longest > len(questions) * 0.6:
        said.append(f"the right option is the longest in {longest} of {len(questions)}: shorten it, or lengthen others")
    return said


# ------------------------------------------------------------------------------------------------- the course as it is

LESSONS = notebooks("notebooks")
EXERCISES = notebooks("exercises/release")


def lessons_of(assignment: str) -> list[Path]:
    """The lessons that exist and lead to an assignment."""
    stems = [x["stem"] for x in PLAN if x.get("assignment", x["stem"].replace("/", "-")) == assignment]
    return [path for stem in stems if (path := ROOT / f"notebooks/{stem}.ipynb").exists()]


def test_there_is_something_to_check():
    assert LESSONS, "no lesson below notebooks/: every check of lessons would pass without looking at one"
    assert EXERCISES, "no exercise below exercises/release/: every check of exercises would pass without looking at one"


def test_every_notebook_stands_once_in_the_table_of_contents():
    times = Counter(TOC)
    assert [entry for entry, n in times.items() if n > 1] == []
    files = [path.relative_to(ROOT).with_suffix("").as_posix() for path in LESSONS + EXERCISES]
    assert [file for file in files if file not in times] == []


def test_every_entry_of_the_table_of_contents_exists():
    assert [entry for entry in TOC if not any((ROOT / (entry + end)).is_file() for end in (".ipynb", ".md"))] == []


def test_every_lesson_is_planned_and_has_its_exercise():
    planned = {lesson["stem"]: lesson for lesson in PLAN}
    assert [stem_of(path) for path in LESSONS if stem_of(path) not in planned] == []
    assignments = {path.parent.name for path in EXERCISES}
    wanted = {planned[stem_of(path)].get("assignment", stem_of(path).replace("/", "-")) for path in LESSONS}
    assert wanted == assignments


@pytest.mark.parametrize("path", LESSONS, ids=stem_of)
@pytest.mark.parametrize("check", LESSON_CHECKS + STEM_CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_lesson(check, path):
    arguments = (stem_of(path),) if check in STEM_CHECKS else ()
    assert check(read(path), *arguments) == []


@pytest.mark.parametrize("path", LESSONS, ids=stem_of)
def test_quiz(path):
    questions = yaml.safe_load(path.with_suffix(".quiz.yml").read_text("utf-8"))
    assert check_quiz(questions, set(promised(read(path)))) == []


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("check", EXERCISE_CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_exercise(check, path):
    assert check(read(path)) == []


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.parent.name)
def test_exercise_assesses_every_outcome(path):
    known = {id_ for lesson in lessons_of(path.parent.name) for id_ in promised(read(lesson))}
    assert known, "the lessons of this exercise name no outcome"
    assert check_assesses(read(path), known) == []


def test_other_sources_of_the_book_name_no_machine_and_no_registry():
    paths = [
        *(ROOT / "book").rglob("*.md"),
        *(ROOT / "notebooks").rglob("*.yml"),
        *(ROOT / "exercises/release").rglob("*.yml"),
    ]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}
    assert texts
    assert [(name, what, hit.group(0)) for name, text in texts.items() for what, hit in places(text)] == []


# ------------------------------------------------------------------------------------ miniatures: every check can fail

STEM = "advocate/strategy"
IDS = [f"advocate.strategy.{number}" for number in (1, 2, 3)]


NEEDS = (
    "| You need | How much |\n|---|---|\n| Patience | some |\n\n"
    "30 minutes. **Activities of the OSPO definition:** giving back."
)
SECTOR = '<details class="sector"><summary>Here</summary>\n\nText.\n\n</details>\n\n'


def cell(source: str, **metadata):
    return nbformat.v4.new_markdown_cell(source, metadata=metadata)


def run(source: str, count: int, *outputs, **metadata):
    return nbformat.v4.new_code_cell(source, execution_count=count, outputs=list(outputs), metadata=metadata)


def show(**data):
    return nbformat.v4.new_output("display_data", data={kind.replace("_", "/"): text for kind, text in data.items()})


def lesson():
    """A sound lesson, as small as can be."""
    items = "\n".join(f"{number}. do something (`{id_}`)" for number, id_ in enumerate(IDS, 1))
    return nbformat.v4.new_notebook(
        cells=[
            cell("# What a fork costs\n\nWhat does a private fork cost?"),
            cell(f"## You will be able to\n\n{items}"),
            cell(f"## Prerequisites\n\n{NEEDS}"),
            cell("## A first look", ospolab={"teaches": IDS}),
            run("1 + 1", 1, show(text_html='<svg role="img" aria-label="A line that rises"></svg>')),
            cell('<blockquote class="trap">\n\n**Trap.** Read it naively.\n\n</blockquote>'),
            cell(f"## Other sectors, other sizes\n\n{SECTOR * 2}"),
            cell("## Check yourself"),
            run(f'quiz("{STEM}")', 2),
            cell("## Summary\n\nText.\n\n## What’s next\n\nText.\n\n## Sources\n\n- A page, last checked 2026-11-22."),
        ]
    )  # fmt: skip


def graded_cell(grade_id: str, worth: float, by: str, assesses: list[str]):
    nbgrader = {
        "grade": True,
        "grade_id": grade_id,
        "points": worth,
        "locked": True,
        "solution": False,
        "schema_version": 3,
    }
    return nbformat.v4.new_code_cell(
        "result()", metadata={"nbgrader": nbgrader, "ospolab": {"by": by, "assesses": assesses}}
    )


def exercise():
    """A sound exercise, as small as can be."""
    cells = [
        cell("# Exercise"),
        graded_cell("curves-read", 8, "form", IDS[:1]),
        graded_cell("rules-chosen", 4, "form", IDS[1:2]),
        graded_cell("factor-cases", 4, "code", IDS[1:]),
        graded_cell("report-judgement", 4, "human", IDS[2:]),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def quiz():
    options = [{"text": "Yes", "correct": True, "why": "It is."}, {"text": "Not", "why": "It is not."}]
    orders = [options, options[::-1], options, options[::-1]]
    return [
        {"id": f"q{n}", "outcome": IDS[0], "prompt": "Is it?", "options": copy.deepcopy(order)}
        for n, order in enumerate(orders)
    ]


def replace(old: str, new: str):
    """A way to break: another text in the Markdown."""

    def change(notebook):
        assert old in "\n".join(c.source for c in notebook.cells), old
        for c in notebook.cells:
            c.source = c.source.replace(old, new)

    return change


def output(**data):
    return lambda notebook: code_cells(notebook)[0].outputs.append(show(**data))


def stored(kind: str, **what):
    return lambda notebook: code_cells(notebook)[0].outputs.append(nbformat.v4.new_output(kind, **what))


def source(number: int, text: str):
    return lambda notebook: notebook.cells[number].update(source=text)


def metadata(number: int, key: str, value):
    return lambda notebook: notebook.cells[number].metadata.ospolab.update({key: value})


def nbgrader(number: int, key: str, value):
    return lambda notebook: notebook.cells[number].metadata.nbgrader.update({key: value})


WIDGET = {"application_vnd.jupyter.widget-view+json": {}}
ERROR = {"ename": "ValueError", "evalue": "no", "traceback": []}
LESSON_BREAKS = [
    (check_errors, stored("error", **ERROR), "stores an error"),
    (check_errors, stored("stream", name="stderr", text="Warning"), "stderr"),
    (check_alternatives, replace("**Trap.**", "![](curve.png)"), "picture without text"),
    (check_alternatives, replace("**Trap.**", '<img src="a.png" alt="">'), "no alt text"),
    (check_alternatives, output(text_html="<svg><path/></svg>"), "no name"),
    (check_alternatives, output(image_png="aGk="), "bare picture"),
    (check_widgets, output(**WIDGET), "without text/html"),
    (check_places, source(4, 'open("/home/someone/data.csv")'), "machine path"),
    (check_places, output(text_plain=r"C:\Users\someone"), "machine path"),
    (check_places, replace("Text.", "See https://pypi" + ".org/simple"), "registry host"),
    (check_opening, replace("# What a fork costs", "What a fork costs"), "one title"),
    (check_opening, replace("cost?", "cost."), "question"),
    (check_sections, replace("## Summary", "## In short"), '"## Summary"'),
    (check_sections, replace("## You will be able to", "## Summary of it"), '"## You will be able to"'),
    (check_sections, lambda nb: nb.cells.insert(1, nb.cells.pop()), "in this order"),
    (check_prerequisites, replace("30 minutes", "Long"), "the minutes"),
    (check_prerequisites, replace("|---|---|", ""), "a table"),
    (check_prerequisites, replace("**Activities of the OSPO definition:**", ""), "the activities"),
    (check_trap, replace("**Trap.**", "**Note.**"), "Trap"),
    (check_sectors, replace('class="sector"', 'class="other"'), "found 0"),
    (check_boxes, replace("**Trap.**", '<div class="alert alert-info">**Trap.**</div>'), "a quotation"),
    (check_sources, replace("2026-11-22", "lately"), "a date"),
    (check_taught, metadata(3, "teaches", IDS[1:]), f"no cell teaches {IDS[0]}"),
    (check_taught, metadata(3, "teaches", [*IDS, "advocate.strategy.9"]), "which is no outcome"),
    (check_cell_length, source(4, "\n".join(["1"] * 9)), "has 9 lines"),
    (check_cell_length, source(4, "\n".join(["x = '" + "y" * 100 + "'"] * 4)), "longer than"),
    (check_run_in_order, lambda nb: nb.cells[8].update(execution_count=1), "run in order"),
    (check_run_in_order, lambda nb: nb.cells[8].update(execution_count=None), "run in order"),
    (check_run_in_order, lambda nb: nb.update(cells=nb.cells[:1]), "found none"),
    (check_quiz_shown, source(8, 'quiz("advocate/compliance")'), "expected quiz"),
    (check_quiz_shown, source(8, "1"), "expected quiz"),
    (check_outcomes, replace(f"(`{IDS[1]}`)", ""), "end in its id"),
    (check_outcomes, replace(f"3. do something (`{IDS[2]}`)", ""), "found 2"),
    (check_outcomes, replace(IDS[2], "advocate.strategy.4"), "expected the ids"),
]  # fmt: skip
EXERCISE_BREAKS = [
    (check_errors, stored("error", **ERROR), "stores an error"),
    (check_alternatives, replace("# Exercise", "![ ](a.png)"), "picture without text"),
    (check_widgets, output(**WIDGET), "without text/html"),
    (check_places, source(0, "# In /tmp/course"), "machine path"),
    (check_points, nbgrader(1, "points", 7), "add up to 19"),
    (check_grade_ids, nbgrader(1, "grade_id", "cell-3f2a9b7c01d2e4f5"), "expected words"),
    (check_grade_ids, nbgrader(1, "grade_id", "Curves_Read"), "expected words"),
    (check_grade_ids, nbgrader(1, "grade_id", "curves"), "expected words"),
    (check_grade_ids, nbgrader(1, "grade_id", "rules-chosen"), "2 times"),
    (check_graded_by, metadata(3, "by", "magic"), "expected form, code or human"),
    (check_graded_by, metadata(2, "by", "code"), "8 of 20 points"),
    (check_assesses, metadata(1, "assesses", []), "names no outcome"),
    (check_assesses, metadata(1, "assesses", IDS[1:2]), f"no graded cell assesses {IDS[0]}"),
    (check_assesses, metadata(1, "assesses", ["advocate.strategy.9"]), "which is no outcome"),
]  # fmt: skip
QUIZ_BREAKS = [
    (lambda quiz: quiz.pop(), "found 3"),
    (lambda quiz: quiz[0].update(outcome="advocate.strategy.9"), "which is no outcome"),
    (lambda quiz: quiz[0]["options"][1].pop("why"), "no explanation"),
    (lambda quiz: [q["options"].sort(key=lambda o: o["text"]) for q in quiz], "always stands in place"),
    (
        lambda quiz: [next(o for o in q["options"] if o.get("correct")).update(text="A long yes") for q in quiz],
        "longest in 4 of 4",
    ),
]


def complain(check, notebook) -> list[str]:
    extra = {check_assesses: (set(IDS),), check_quiz_shown: (STEM,), check_outcomes: (STEM,)}
    return check(notebook, *extra.get(check, ()))


@pytest.mark.parametrize(("check", "damage", "says"), LESSON_BREAKS)
def test_a_broken_lesson_is_noticed(check, damage, says):
    notebook = lesson()
    assert complain(check, notebook) == []
    damage(notebook)
    assert any(says in complaint for complaint in complain(check, notebook))


@pytest.mark.parametrize(("check", "damage", "says"), EXERCISE_BREAKS)
def test_a_broken_exercise_is_noticed(check, damage, says):
    notebook = exercise()
    assert complain(check, notebook) == []
    damage(notebook)
    assert any(says in complaint for complaint in complain(check, notebook))


@pytest.mark.parametrize(("damage", "says"), QUIZ_BREAKS)
def test_a_broken_quiz_is_noticed(damage, says):
    questions = quiz()
    assert check_quiz(questions, set(IDS)) == []
    damage(questions)
    assert any(says in complaint for complaint in check_quiz(questions, set(IDS)))


def test_every_check_has_been_seen_to_fail():
    assert {check for check, *_ in LESSON_BREAKS} == {*LESSON_CHECKS, *STEM_CHECKS}
    assert {check for check, *_ in EXERCISE_BREAKS} == {*EXERCISE_CHECKS, check_assesses}


@pytest.mark.parametrize(
    "harmless",
    ["https://example.org/home/page", "see ../tmp/x", "pypi packages", "a/home/b", "//home/"],
)
def test_places_leaves_harmless_text_alone(harmless):
    assert list(places(harmless)) == []
