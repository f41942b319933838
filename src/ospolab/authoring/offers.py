"""A Sphinx extension: under its title each lesson and each exercise offers where to go from there.

A lesson its exercise, how to work it in JupyterLab, and its notebook to download; an exercise its lessons and how to
work it. `_config.yml` registers it.
"""

from html import escape

from sphinx.application import Sphinx

from ospolab import course

START = "book/index.html#start"


def offers(page: str) -> list[tuple[str, str, bool]]:
    """What a page offers: label, address from the root of the site, and whether it is a file to download.

    page: the name of a page without its extension; [] for one that is neither lesson nor exercise.
    """
    work = ("Work it in JupyterLab", START, False)
    for lesson in course.lessons():
        if page == f"notebooks/{lesson.stem}":
            exercise = f"exercises/release/{lesson.assignment}/{lesson.assignment}.html"
            own = [("Its exercise", exercise, False)] if lesson.assignment_exists else []
            return [*own, work, ("Download the notebook", f"_sources/{page}.ipynb", True)]
    for assignment in course.assignments():
        if page == f"exercises/release/{assignment.name}/{assignment.name}":
            titles = {lesson.stem: lesson.title for lesson in course.lessons()}
            own = [(f"Lesson: {titles[stem]}", f"notebooks/{stem}.html", False) for stem in assignment.lessons]
            return [*own, work]
    return []


def show(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Put the offers under the title of a page."""
    if app.builder.name != "html" or not (found := offers(pagename)):
        return
    root = "../" * pagename.count("/")
    links = [
        f'<li><a href="{escape(root + address)}"{" download" if file else ""}>{escape(label)}</a></li>'
        for label, address, file in found
    ]
    what = "lesson" if pagename.startswith("notebooks/") else "exercise"
    nav = f'<nav class="offers" aria-label="This {what}"><ul>{"".join(links)}</ul></nav>'
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{nav}", 1)


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", show)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
