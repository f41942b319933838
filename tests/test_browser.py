"""What a learner and a reader do, in a real browser: JupyterLab with the model lab, and the built book."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from pathlib import Path

import pytest
import yaml
from browsing import CHROMIUM, served

from ospolab import course

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian and Ubuntu: apt-get install chromium)"),
]

ROOT = course.root()
LESSON = "notebooks/environmentalist/community-engagement"
ASSIGNMENT = "environmentalist-community-engagement"
EXERCISE = f"exercises/{ASSIGNMENT}/{ASSIGNMENT}"
SLOW = 60_000  # milliseconds a kernel may take to answer on a busy machine


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        yield started
        started.close()


@pytest.fixture
def page(browser):
    """A page that may only talk to this machine; what else it asks for is collected in `page.asked`."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    opened = context.new_page()
    opened.set_default_timeout(SLOW)
    opened.asked = []

    def only_here(route):
        if re.match(r"https?://(127\.0\.0\.1|localhost)[:/]", route.request.url):
            route.continue_()
        else:
            opened.asked.append(route.request.url)
            route.abort()

    opened.route(re.compile("^https?:"), only_here)
    yield opened
    context.close()


# --- the learner, in JupyterLab ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """`ospolab learn` on a fresh copy: (address, folder)."""
    folder = tmp_path_factory.mktemp("learner") / "my-course"
    command = [sys.executable, "-m", "ospolab", "learn", "--no-browser", "--folder", str(folder)]
    # As on a machine of one's own: output through a pipe is held back unless the program takes care.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment = {**inherited, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    )
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    said, address = "", None
    until = time.monotonic() + 120
    while address is None and time.monotonic() < until:
        try:
            line = lines.get(timeout=90)
        except queue.Empty:
            pytest.fail(f"ospolab learn said nothing for 90 seconds after: {said}")
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+\S*", line):
            address = found.group(0)
    assert address, said
    yield address, folder
    os.killpg(process.pid, signal.SIGTERM)  # a test runner may have taught its children to ignore Ctrl-C
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"


def open_in_lab(page, lab, path):
    """Open a notebook alone in its window, and wait until its kernel answers."""
    address, token = lab[0].split("?")
    base = re.match(r"http://127\.0\.0\.1:\d+", address).group(0)
    page.goto(f"{base}/lab/tree/{path}?{token}&reset")
    page.locator(f"{PANEL} .jp-Cell").first.wait_for()
    expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle", timeout=SLOW)


def menu(page, *path):
    """Click through JupyterLab's menu bar."""
    page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{path[0]}$")).click()
    for entry in path[1:]:
        page.locator(".lm-Menu-item", has_text=re.compile(f"^{entry}")).first.click()


def cell_with(page, text):
    """The code cell whose source holds `text`."""
    return page.locator(f"{PANEL} .jp-CodeCell").filter(has=page.locator(".cm-content", has_text=text)).first


def run_all(page):
    """Run every cell, and wait until the last one has a number."""
    menu(page, "Edit", "Clear Outputs of All Cells")
    menu(page, "Run", "Run All Cells")
    # A notebook of another test may have left a question about its unsaved changes in the way; then nothing starts.
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.wait_for_function(
        """panel => {
            const prompts = [...document.querySelectorAll(`${panel} .jp-CodeCell .jp-InputPrompt`)];
            return prompts.length > 5 && prompts.every(prompt => /\\d/.test(prompt.textContent));
        }""",
        arg=PANEL,
    )


def test_the_welcome_page_leads_to_the_lesson(page, lab):
    page.goto(lab[0])
    welcome = page.locator(".jp-MarkdownViewer")
    welcome.wait_for()
    welcome.get_by_role("link", name="The metric that improved").first.click()
    page.locator(f"{PANEL} .jp-Cell").first.wait_for()
    assert page.asked == []


def test_moving_the_explorer_changes_the_conclusion(page, lab):
    open_in_lab(page, lab, f"{LESSON}.ipynb")
    run_all(page)
    explorer = page.locator(".jp-OutputArea .ospolab-explorer.ospolab").first
    explorer.scroll_into_view_if_needed()
    sentence = explorer.locator(".ospolab-conclusion")
    expect(sentence).to_contain_text("▲ better", timeout=SLOW)
    cut = "labels => labels.filter(label => label.scrollWidth > label.clientWidth + 1).map(label => label.textContent)"
    assert explorer.locator(".widget-label").evaluate_all(cut) == []
    handle = explorer.get_by_role("slider").first
    handle.focus()
    for _ in range(6):  # from 80 to 50 per cent, by keyboard
        page.keyboard.press("ArrowLeft")
    expect(sentence).to_contain_text("● unchanged")
    expect(explorer.locator("svg").first).to_have_attribute("aria-label", re.compile("50 %"))
    explorer.get_by_label("Project").select_option("curl")
    expect(sentence).to_contain_text("commits to curl")
    assert page.asked == []


def says_it_is_dead(form):
    """Fail unless a form says, at both ends, that nobody saves what it is told, and shows no count."""
    form.scroll_into_view_if_needed()
    expect(form.locator(".ospolab-status .widget-html-content")).to_be_hidden()
    for part, pseudo in ((form, "::before"), (form.locator(".ospolab-status"), "::after")):
        told = part.evaluate("(element, pseudo) => getComputedStyle(element, pseudo).content", pseudo)
        assert "Not connected to a kernel" in told and "is not saved" in told


def test_a_form_survives_its_kernel_and_the_checks_turn_green(page, lab):
    open_in_lab(page, lab, f"{EXERCISE}.ipynb")
    run_all(page)
    form = page.locator(".ospolab-form-curves").last
    form.scroll_into_view_if_needed()
    for field, words in (
        ("curve-a", "has spread"),
        ("curve-b", "has gathered"),
        ("curve-c", "ups and downs mean nothing"),
    ):
        form.locator(f".ospolab-field-{field}").get_by_role("radio", name=re.compile(words)).check()
    form.locator(".ospolab-field-curve-d").get_by_role("radio", name=re.compile("still held")).check()
    expect(form.locator(".ospolab-status")).to_contain_text("All 4 answered")

    drill = page.locator(".ospolab-form-drill").last
    drill.scroll_into_view_if_needed()
    drill.locator(".ospolab-down").first.click()

    answers = lab[1] / "exercises" / ASSIGNMENT / "answers.yml"
    for _ in range(100):  # a button says nothing when the kernel has written what it did
        kept = yaml.safe_load(answers.read_text(encoding="utf-8"))
        if "drill" in kept:
            break
        page.wait_for_timeout(100)
    assert kept["curves"] == {"curve-a": "spread", "curve-b": "gathered", "curve-c": "flicker", "curve-d": "lag"}
    assert kept["drill"]["steps"][:2] == ["rollback", "learn"]

    menu(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog-button.jp-mod-accept").click()
    page.wait_for_timeout(1500)
    says_it_is_dead(form)
    run_all(page)
    form = page.locator(".ospolab-form-curves").last
    expect(form.locator(".ospolab-status .widget-html-content")).to_be_visible()
    expect(form.get_by_role("radio", name=re.compile("has gathered")).nth(1)).to_be_checked()
    expect(form.locator(".ospolab-status")).to_contain_text("All 4 answered")
    assert yaml.safe_load(answers.read_text(encoding="utf-8")) == kept

    expect(cell_with(page, 'result("curves", earned)').locator(".jp-OutputArea")).to_contain_text(
        "Everything is answered"
    )
    expect(cell_with(page, 'result("signals", earned)').locator(".jp-OutputArea")).to_contain_text(
        "1 answer is still missing"
    )
    menu(page, "Kernel", "Shut Down Kernel")
    says_it_is_dead(form)
    assert page.asked == []


def test_no_choice_in_a_table_is_cut_off(page, lab):
    open_in_lab(page, lab, "exercises/foundations/foundations.ipynb")
    run_all(page)
    hard = page.locator(".ospolab-form-hard").last
    hard.scroll_into_view_if_needed()
    expect(hard.locator("select").first).to_be_visible()
    cut = hard.evaluate(
        """form => [...form.querySelectorAll("select")].filter(select => {
            const has = select.clientWidth;
            select.style.width = select.style.maxWidth = "max-content";
            const needs = select.clientWidth;
            select.style.width = select.style.maxWidth = "";
            return needs > has;
        }).length"""
    )
    assert cut == 0


# --- the reader, in the book ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book():
    """The built book, served on this machine."""
    from ospolab.authoring import book as made

    if not made.is_current():
        made.build()
    with served(made.site()) as address:
        yield address


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_the_quiz_works_on_the_page(browser, book, script):
    context = browser.new_context(java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{book}/{LESSON}.html")
    question = page.locator(".ospolab-quiz .ospolab-question").first
    right = question.locator("details", has_text="Right.").first
    wrong = question.locator("details", has_text="Not this one.").first
    expect(right.get_by_text("Right.")).not_to_be_visible()
    for option, verdict in ((wrong, "Not this one."), (right, "Right.")):
        option.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(option).to_have_attribute("open", "")
        expect(option.get_by_text(verdict)).to_be_visible()
    context.close()


def listened(context, book):
    """A page of a context, and the lists of what goes wrong in it and of what it asks other hosts for."""
    page, wrong, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    page.on("console", lambda said: wrong.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith((book, "data:")) else asked.append(request.url))
    page.route(re.compile(f"^(?!{re.escape(book)}|data:)"), lambda route: route.abort())
    return page, wrong, asked


@pytest.mark.parametrize("width", [1280, 640, 375])  # 640 is what 1280 becomes at a zoom of 200 %
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_load_nothing_from_elsewhere_and_do_not_overflow(browser, book, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, wrong, asked = listened(context, book)
    some = ("book/index", LESSON, f"exercises/release/{ASSIGNMENT}/{ASSIGNMENT}", "book/data/handover_monthly")
    # Every page once, on the narrow screen where it can overflow; the other three looks are of the same style sheet.
    every = [*course_pages(), "search", "genindex"] if (width, scheme) == (375, "light") else some
    for path in every:
        page.goto(f"{book}/{path}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert not wrong and not asked
    context.close()


def course_pages():
    from ospolab.authoring import pages

    return pages.toc_files(ROOT)


# One page of each kind; with OSPOLAB_EVERY_PAGE set, all of them, which takes minutes.
KINDS = ("book/index", "book/roles/advocate", "book/glossary", "book/data/handover_monthly", "search")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (375, "light"), (375, "dark")])
def test_axe_finds_nothing(browser, book, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    paths = (LESSON, f"exercises/release/{ASSIGNMENT}/{ASSIGNMENT}", "book/browser", *KINDS)
    if os.environ.get("OSPOLAB_EVERY_PAGE"):
        paths = [*course_pages(), "search", "genindex"]
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page, found = context.new_page(), {}
    for path in paths:
        page.goto(f"{book}/{path}.html" + ("?q=copyleft" if path == "search" else ""))
        if path == "search":
            page.locator("#search-results mark").first.wait_for()
        for opened in page.locator(".ospolab-question details").all()[:2]:  # an answered quiz, right or wrong
            opened.locator("summary").click()
        if width < 1000:
            page.locator(".primary-toggle").first.click()  # the sidebar lies over the page
        said = axe.run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
        found |= {f"{path}: {one['id']}": one["nodes"][0]["html"][:200] for one in said}
    context.close()
    assert found == {}


def test_the_book_works_in_a_folder_of_a_server(browser, tmp_path):
    from ospolab.authoring import book as made

    (tmp_path / "some").mkdir()
    (tmp_path / "some/folder").symlink_to(made.site())
    with served(tmp_path) as address:
        context = browser.new_context()
        page, wrong, asked = listened(context, f"{address}/some/folder")
        page.goto(f"{address}/some/folder/{LESSON}.html")
        page.goto(f"{address}/some/folder/search.html?q=copyleft")
        page.locator("#search-results a").first.click()
        expect(page.locator("article")).to_contain_text("copyleft")
        assert not wrong and not asked
        context.close()


QUERIES = yaml.safe_load((ROOT / "tests/search_queries.yml").read_text("utf-8"))


def test_search_finds_what_readers_look_for(page, book):
    missed = {}
    for query in QUERIES:
        page.goto(f"{book}/search.html?q={urllib.parse.quote(query['typed'])}")
        expect(page.locator("#search-status")).to_contain_text("page")
        found = page.locator("#search-results h2 a").evaluate_all("links => links.map(link => link.pathname)")
        first = [path.removeprefix("/").removesuffix(".html") for path in found[:3]]
        if not set(first) & set(query["finds"]):
            missed[query["typed"]] = first
    assert missed == {}


def test_search_answers_while_one_types_and_says_when_there_is_nothing(page, book):
    from ospolab.authoring import book as made

    page.goto(f"{made.site().as_uri()}/search.html")  # also from a disk
    field = page.locator(".bd-search-container input")
    field.press_sequentially("relicensing")
    expect(page.locator("#search-results mark").first).to_have_text(re.compile("relicens", re.IGNORECASE))
    expect(page).to_have_url(re.compile("q=relicensing$"))
    field.fill("qqqqq zzzzz")
    expect(page.locator("#search-status")).to_contain_text("No page has")
    expect(page.locator("#search-results li")).to_have_count(0)


def test_sectors_are_tabs_that_arrow_keys_move(page, book):
    page.goto(f"{book}/{LESSON}.html")
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel").filter(visible=True)).to_contain_text("ministry")


def test_the_map_shows_what_was_read_and_forgets_it_when_asked(page, book):
    page.goto(f"{book}/book/index.html")
    lab = page.locator(".lab", has=page.locator(f"a[href$='{LESSON}.html']"))
    expect(lab.locator(".lab-state")).to_have_text("Ready")
    page.goto(f"{book}/{LESSON}.html")
    page.wait_for_timeout(300)
    page.goto(f"{book}/book/index.html")
    expect(lab.locator(".lab-state")).to_have_text("Ready")  # opened is not read
    page.goto(f"{book}/{LESSON}.html")
    page.locator("#what-s-next").scroll_into_view_if_needed()
    page.wait_for_function("localStorage.getItem('ospolab-read')")
    page.goto(f"{book}/book/index.html")
    expect(lab.locator(".lab-state")).to_have_text("✓ Read")
    page.get_by_role("button", name="Forget it").click()
    expect(lab.locator(".lab-state")).to_have_text("Ready")
    assert page.evaluate("localStorage.getItem('ospolab-read')") is None


REACHABLE = """() => {
    const found = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
    return found.filter(one => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }))
        .map((one, at) => { one.dataset.at = at; return at; });
}"""
FOCUSED = """() => {
    const one = document.activeElement;
    if (one === document.body) return null;
    const box = one.getBoundingClientRect();
    // Some draw the ring around what is inside them, such as the arrow of a menu; the search field around its form.
    const seen = [one, ...one.children, ...[one.closest("form")].filter(Boolean)].some(part => {
        const look = getComputedStyle(part);
        return look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0 || look.boxShadow !== "none";
    });
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return { at: Number(one.dataset.at ?? -1), what: one.outerHTML.slice(0, 90), seen, inside };
}"""


@pytest.mark.parametrize("name", ["book/index", "notebooks/foundations/what-an-ospo-does", "book/browser", "search"])
@pytest.mark.parametrize("width", [1280, 375])
def test_everything_is_reached_by_tab_and_shows_that_it_is(page, book, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{book}/{name}.html")
    page.wait_for_load_state("networkidle")
    if name == "search":  # begins in its field
        page.evaluate("document.activeElement.blur()")
        page.mouse.click(1, 1)
    reachable = set(page.evaluate(REACHABLE))
    reached, unseen = set(), []
    for _ in range(len(reachable) + 20):
        page.keyboard.press("Tab")
        one = page.evaluate(FOCUSED)
        if one is None:
            break
        if not one["inside"]:  # it may be on its way
            page.wait_for_timeout(400)
            one = page.evaluate(FOCUSED)
        reached.add(one["at"])
        if not (one["seen"] and one["inside"]):
            unseen.append(one)
    else:
        pytest.fail("Tab goes round and never leaves the page")
    assert unseen == []
    # Behind the field that the page begins in, Tab never comes to what stands before.
    before = {0} if name == "search" else set()
    missed = [
        page.locator(f"[data-at='{at}']").first.evaluate("one => one.outerHTML.slice(0, 120)")
        for at in sorted(reachable - reached - before)
    ]
    assert missed == []


def test_a_lesson_is_read_by_keyboard_alone(page, book):
    def to(locator):
        for _ in range(400):
            page.keyboard.press("Tab")
            if locator.evaluate("one => one === document.activeElement"):
                return
        pytest.fail(f"Tab never came to {locator}")

    page.goto(f"{book}/book/index.html")
    to(page.get_by_role("link", name=re.compile("Read the first lesson")))
    page.keyboard.press("Enter")
    page.wait_for_url("**/what-an-ospo-does.html")
    to(page.get_by_role("link", name="Its exercise"))
    to(page.locator("a.term-link").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").first).to_be_visible()
    page.keyboard.press("Escape")
    option = page.locator(".ospolab-question summary").first
    to(option)
    page.keyboard.press("Enter")
    expect(option.locator("xpath=..")).to_have_attribute("open", "")
    page.keyboard.press("Control+k")
    page.keyboard.type("relicencing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html*")
    result = page.locator("#search-results a").first
    expect(result).to_be_visible()
    to(result)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "search.html" not in address)


def test_a_term_opens_its_explanation_in_place(page, book):
    page.goto(f"{book}/{LESSON}.html")
    term = page.locator("a.term-link").first
    term.focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name=term.inner_text())
    expect(box).to_be_visible()
    expect(box.get_by_role("link", name="In the glossary")).to_be_focused()
    expect(term).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(box).not_to_be_visible()
    expect(term).to_be_focused()
    term.click()
    box.get_by_role("link", name="In the glossary").click()
    expect(page).to_have_url(re.compile(r"glossary\.html#term-"))
