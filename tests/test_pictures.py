"""The pages of roles and pillars: their figures, the numbers beside them, their labs, and what makes each its own."""

import csv
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import nbformat
import pytest
import yaml

from ospolab import course, data
from ospolab.authoring import labs, pages, pictures

ROOT = pages.ROOT
ROLES, PILLARS = list(course.plan()["roles"]), list(course.plan()["pillars"])
PAGES = [f"roles/{role}" for role in ROLES] + [f"pillars/{pillar}" for pillar in PILLARS]
WORDS = range(400, 701)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
COMMON = {"The scenes are invented; the figure and its counts are real.", "Not legal advice; last checked 2026-11-23."}
SECTORS = {
    "University",
    "Public administration",
    "Non-governmental organisation",
    "Firm of 30 people",
    "Large company",
}


@pytest.fixture(scope="module")
def drawn():
    """Every figure, freshly drawn: its name, and what a reader gets from it."""
    return {path.stem: pictures.readable(html) for path, html in pictures.derived().items()}


def source(page: str) -> str:
    """The Markdown of a page without its front matter."""
    return re.sub(r"\A---.*?\n---\n", "", (ROOT / f"book/{page}.md").read_text("utf-8"), flags=re.DOTALL)


def prose(markdown: str) -> str:
    """What is read as running text: no fences, tables, tags, targets of links, or code."""
    text = re.sub(r"```.*?```|<[^>]*>|\]\([^)]*\)|`[^`]*`", " ", markdown, flags=re.DOTALL)
    return re.sub(r"(?m)^\|.*$", "", text)


def numbers(text: str) -> set[str]:
    return {found.replace(",", "") for found in NUMBER.findall(text)}


def unsupported(markdown: str, figure: dict) -> set[str]:
    """Numbers in the section that shows a figure, and in neither the figure's text alternative nor its caption."""
    shown = next(part for part in re.split(r"(?m)^## ", markdown) if "figures/" in part)
    return numbers(prose(shown)) - numbers(f"{figure['alt']} {figure['caption']}")


# ------------------------------------------------------------------------------------------------------------ figures


def test_figures_say_what_the_data_say(drawn):
    stored = {path.stem: pictures.readable(path.read_text("utf-8")) for path in (ROOT / "book/figures").glob("*.html")}
    assert set(stored) == set(drawn) == {Path(page).name for page in PAGES}
    for name, figure in drawn.items():
        assert stored[name] == figure, f"run `python -m ospolab.authoring.pictures`: {name} is out of date"


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_figure_is_told_in_words_and_names_its_source(name, drawn):
    figure = drawn[name]
    assert len(figure["alt"]) > 80 and len(numbers(figure["alt"])) >= 4
    named = re.findall(r"[a-z]+(?:_[a-z0-9]+)+", figure["caption"].split("Data:")[1])
    assert named and set(named) <= set(data.names())
    assert figure["frame"] and len(figure["labels"]) >= 8


def test_figures_take_the_colour_of_the_page_and_their_ids_do_not_meet():
    ids = Counter()
    for path in (ROOT / "book/figures").glob("*.html"):
        html = path.read_text("utf-8")
        assert "currentColor" in html and "#000000" not in html and "black" not in html
        ids.update(set(re.findall(r'\sid="([^"]+)"', html)))
    assert ids and set(ids.values()) == {1}


FIGURE = (
    '<figure><svg aria-label="3 of 5 &amp; more" viewBox="0 0 9 9"><text x="1">3</text></svg>'
    "<figcaption>Data: t</figcaption></figure>"
)


def test_what_a_reader_gets_from_a_figure():
    assert pictures.readable(FIGURE) == {
        "alt": "3 of 5 & more",
        "caption": "Data: t",
        "frame": "0 0 9 9",
        "labels": ["3"],
    }


@pytest.mark.parametrize(
    ("old", "new", "noticed"),
    [
        ('x="1"', 'x="1.2"', False),
        ("3 of 5", "4 of 5", True),
        (">3<", ">4<", True),
        ("Data: t", "Data: u", True),
        ("0 0 9 9", "0 0 9 8", True),
    ],
)
def test_words_make_a_figure_stale_and_coordinates_do_not(tmp_path, monkeypatch, old, new, noticed):
    path = tmp_path / "book/figures/one.html"
    monkeypatch.setattr(pictures, "derived", lambda root: {path: FIGURE})
    assert pictures.stale(tmp_path) == [path]
    pictures.write(tmp_path)
    assert pictures.stale(tmp_path) == []
    path.write_text(FIGURE.replace(old, new), "utf-8")
    assert pictures.stale(tmp_path) == ([path] if noticed else [])
    (tmp_path / "book/figures/left.html").write_text(FIGURE, "utf-8")
    pictures.write(tmp_path)
    assert pictures.stale(tmp_path) == [] and [p.name for p in path.parent.iterdir()] == ["one.html"]


def rows(table: str) -> list[dict]:
    with (data.TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_employers_counted_another_way(drawn):
    projects = defaultdict(lambda: [0, 0])
    for row in rows("maintainers_by_employer"):
        count = int(row["maintainers"])
        projects[row["project"]][0] += count
        if row["employer"] != "independent_or_unstated":
            projects[row["project"]][1] = max(projects[row["project"]][1], count)
    large = [(whole, most) for whole, most in projects.values() if whole >= 3]
    half = sum(2 * most >= whole for whole, most in large)
    assert f"Half or more in {half} of {len(large)}." in drawn["environmentalist"]["alt"]


def test_decisions_counted_another_way(drawn):
    status = Counter(row["status"] for row in rows("license_decisions"))
    rule = status["allowlisted"] + status["apache-2.0"]
    said = f"In all {rule} by the rule; {status['approved']} approved and {status['denied']} refused by the board."
    assert said in drawn["governance"]["alt"]


def test_projects_counted_another_way(drawn):
    outcome = Counter()
    for row in rows("foundation_projects"):
        if row["accepted"] == row["incubating"] or not "2018" <= row["accepted"][:4] <= "2022":
            continue
        year, rest = row["accepted"][:4], row["accepted"][4:]
        third = f"{int(year) + 3}{rest}"
        reached = {key for key in ("incubating", "graduated", "archived") if row[key] and row[key] <= third}
        outcome["archived" if "archived" in reached else "up" if reached else "same"] += 1
    said = f"Together {outcome['up']}, {outcome['same']} and {outcome['archived']}."
    assert said in drawn["advocate"]["alt"]


def test_licences_counted_another_way(drawn):
    developers = defaultdict(Counter)
    for row in rows("innovation_graph_licenses"):
        if row["economy"] != "EU":
            developers[row["quarter"]][row["spdx"]] += int(row["developers"])
    first, last = (developers[quarter] for quarter in (min(developers), max(developers)))
    for licence in ("MIT", "Apache-2.0", "GPL-3.0", "AGPL-3.0"):
        was, now = (f"{100 * quarter[licence] / quarter.total():.1f} %" for quarter in (first, last))
        assert re.search(rf"(?<![\w-]){re.escape(licence)} {was} and {now}", drawn["counselor"]["alt"])


def test_people_who_came_once_counted_another_way(drawn):
    people = defaultdict(Counter)
    for row in rows("project_activity"):
        if row["is_bot"] == "false":
            people[row["project"]][row["contributor"]] += int(row["commits"])
    for project in ("curl", "flask"):
        once = sum(commits == 1 for commits in people[project].values())
        share, part = 100 * once / len(people[project]), 100 * once / people[project].total()
        assert f"{project} {share:.0f} % and {part:.0f} %" in drawn["community-engagement"]["alt"]


def test_offices_counted_another_way(drawn):
    yes, base = Counter(), {}
    for row in rows("survey_ospo"):
        if row["question"] == "has_ospo" and row["segment"] == "all":
            base[row["year"]] = int(row["base"])
            yes[row["year"]] += int(row["respondents"]) * row["answer"].startswith("yes")
    for year, whole in base.items():
        assert f"{year} {int(100 * yes[year] / whole + 0.5)} % of {whole}" in drawn["strategy"]["alt"]


# -------------------------------------------------------------------------------------------------------------- pages


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole(page):
    text = source(page)
    assert len(prose(text).split()) in WORDS
    assert f":file: ../figures/{Path(page).name}.html" in text
    assert f"{{include}} _{Path(page).name}.md" in text
    headings = re.findall(r"(?m)^## (.+)$", text)
    for heading in ("Whom it talks to", "Labs and papers", "Other sectors, other sizes", "Do this on Monday"):
        assert heading in headings
    assert text.count('<blockquote class="trap">') == 1 and "**Mistake: " in text and "**Habit: " in text
    chosen = re.findall(r'<details class="sector"><summary>(.+?)</summary>', text)
    assert len(chosen) >= 4 and set(chosen) <= SECTORS


@pytest.mark.parametrize("page", PAGES)
def test_numbers_beside_a_figure_are_the_figures(page, drawn):
    text, figure = source(page), drawn[Path(page).name]
    assert unsupported(text, figure) == set()
    assert unsupported(text.replace("```\n\n", "```\n\nAnd 98765 more.\n\n"), figure) == {"98765"}


def test_no_sentence_stands_on_two_pages():
    seen = defaultdict(set)
    for page in PAGES:
        text = re.sub(r"(?m)^#.*$", "", prose(source(page)))
        for sentence in re.split(r"(?<=[.!?:*])\s+", " ".join(text.split())):
            plain = sentence.strip("*# ")
            if len(plain) > 40 and plain not in COMMON:
                seen[plain].add(page)
    assert len(seen) > 100
    assert {sentence: where for sentence, where in seen.items() if len(where) > 1} == {}


@pytest.mark.parametrize("page", PAGES)
def test_law_is_dated(page):
    text = source(page)
    if re.search(r"Regulation \(EU\)|AGPL-3\.0 asks|Article \d", text):
        assert "Not legal advice; last checked 2026-11-23" in text


# ---------------------------------------------------------------------------------------------------- labs and places


def test_labs_of_each_page_are_what_the_plan_says():
    for path, text in labs.pages_of(ROOT).items():
        assert path.read_text("utf-8") == text, "run `python -m ospolab.authoring.pages`"
        found = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")][1:]
        across = course.plan()["pillars" if path.parent.name == "roles" else "roles"]
        folder = "pillars" if path.parent.name == "roles" else "roles"
        assert found == [f"[{about['title']}](../{folder}/{key}.md)" for key, about in across.items()]


def test_a_lab_becomes_a_link_with_its_question_when_it_exists(tmp_path):
    (tmp_path / "_toc.yml").write_text("root: book/index\nchapters: [{file: notebooks/advocate/strategy}]\n", "utf-8")
    notebook = tmp_path / "notebooks/advocate/strategy.ipynb"
    notebook.parent.mkdir(parents=True)
    opening = nbformat.v4.new_markdown_cell("# A title\n\nA scene. **Is it\nworth it?** Then more?")
    nbformat.write(nbformat.v4.new_notebook(cells=[opening]), notebook)
    for key in ("advocate", "strategy"):
        text = labs.part(key, tmp_path)
        assert "[What a private fork costs](../../notebooks/advocate/strategy.ipynb)<br>Is it worth it? |" in text
        planned = [line for line in text.splitlines() if "*(to come)*" in line]
        assert len(planned) == 3 and all(re.search(r"\*\(to come\)\*<br>[^|]+\? \|", line) for line in planned)
        assert "[Activities](../activities.md)" in text.splitlines()[-1]


def test_every_lab_to_come_says_what_it_will_answer():
    asked = {one["stem"]: (one["title"], one.get("question", "")) for one in course.plan()["lessons"]}
    for lesson in course.lessons(ROOT):
        if lesson.role in ROLES and not lesson.exists:
            title, question = asked[lesson.stem]
            assert question.endswith("?") and question != title, lesson.stem


@pytest.mark.parametrize(
    ("opening", "asked"),
    [
        ("# Who?\n\n**May we?** Or not?", "May we?"),
        ("# T\n\nIt rings. Who is there? Nobody.", "Who is there?"),
        ("# T\n\nNothing is asked.", ""),
    ],
)
def test_the_question_of_a_lesson(opening, asked):
    assert labs.question(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(opening)])) == asked


def test_every_role_opens_its_part_and_the_pillars_have_one_of_their_own():
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    captions = [part["caption"] for part in parts]
    titles = [about["title"] for about in course.plan()["roles"].values()]
    assert [caption for caption in captions if caption in titles] == titles
    by_caption = {part["caption"]: [chapter["file"] for chapter in part["chapters"]] for part in parts}
    for role, title in zip(ROLES, titles, strict=True):
        assert by_caption[title][0] == f"book/roles/{role}"
    assert by_caption["The four pillars"] == [f"book/pillars/{pillar}" for pillar in PILLARS]


def test_the_grid_leads_to_every_role_and_pillar():
    grid = pages.grid(ROOT)
    for page in PAGES:
        assert re.search(rf'<th [^>]*><a href="{page}\.html">', grid)


def test_building_the_book_draws_nothing():
    program = "import sys; import ospolab.authoring.book; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
