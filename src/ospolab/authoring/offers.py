"""A Sphinx extension: under its title each lesson and each exercise offers where to go from there.

A lesson its exercise, the lab in the browser, how to work it in JupyterLab, and its notebook to download; an exercise
its lessons and where to work it. What running in the browser loads, and from where, is said before. `_config.yml`
registers it.
"""

from html import escape

from sphinx.application import Sphinx

from ospolab import course
from ospolab.authoring import lab, lab_packages

START = "book/index.html#start"
BROWSER = "book/browser.html"


def offers(page: str, with_lab: bool = False) -> list[tuple[str, str, bool]]:
    """What a page offers: label, address from the root of the site, and whether it is a file to download.

    page: the name of a page without its extension; [] for one that is neither lesson nor exercise. with_lab: whether
    the lab lies beside the pages.
    """
    work = ("Work it in JupyterLab", START, False)

    def run(path: str) -> list[tuple[str, str, bool]]:
        return [("Run it in the browser", f"lab/notebooks/index.html?path={path}", False)] if with_lab else []

    for lesson in course.lessons():
        if page == f"notebooks/{lesson.stem}":
            exercise = f"exercises/release/{lesson.assignment}/{lesson.assignment}.html"
            own = [("Its exercise", exercise, False)] if lesson.assignment_exists else []
            notebook = ("Download the notebook", f"_sources/{page}.ipynb", True)
            return [*own, *run(f"{page}.ipynb"), work, notebook]
    for assignment in course.assignments():
        if page == f"exercises/release/{assignment.name}/{assignment.name}":
            titles = {lesson.stem: lesson.title for lesson in course.lessons()}
            own = [(f"Lesson: {titles[stem]}", f"notebooks/{stem}.html", False) for stem in assignment.lessons]
            return [*own, *run(f"exercises/{assignment.name}/{assignment.name}.ipynb"), work]
    return []


def before_running(facts: dict, root: str, programs: bool = False) -> str:
    """What running in the browser loads, and where to read more, in a line of HTML.

    root: leads to the site's root. programs: whether cells start other programs, which a browser cannot.
    """
    packages = " and ".join(", ".join(lab_packages.COMPILED).rsplit(", ", 1))
    said = f"In the browser: some {facts['megabytes']} MB are loaded the first time."
    if facts["host"]:
        said += f" Most figures and tables also load {packages} from {facts['host']}, another host; forms do not."
    if programs:
        said += " Some cells here start other programs, which a browser cannot; they say so."
    about = f'<a href="{escape(root + BROWSER)}">What works there, and how to keep your work</a>'
    return f'<p class="offers-before">{escape(said)} {about}.</p>'


def _programs(page: str) -> bool:
    name = page.rpartition("/")[2]
    return any(one.programs and (page == f"notebooks/{one.stem}" or name == one.assignment) for one in course.lessons())


def show(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Put the offers under the title of a page."""
    facts = lab.facts(course.root())
    if app.builder.name != "html" or not (found := offers(pagename, facts is not None)):
        return
    root = "../" * pagename.count("/")
    links = [
        f'<li><a href="{escape(root + address)}"{" download" if file else ""}>{escape(label)}</a></li>'
        for label, address, file in found
    ]
    what = "lesson" if pagename.startswith("notebooks/") else "exercise"
    nav = f'<nav class="offers" aria-label="This {what}"><ul>{"".join(links)}</ul></nav>'
    nav += before_running(facts, root, _programs(pagename)) if facts else ""
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{nav}", 1)


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", show)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
