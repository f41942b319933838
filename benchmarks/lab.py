"""The lab in the browser: how much is loaded, and how long until the first output, from a lesson's page on.

Writes a table for the book. Needs Chromium and the lab (`make book`). Run it with `make bench`.
"""

import os
import shutil
import statistics
import time
from datetime import date
from pathlib import Path

from _serving import served

from ospolab import course
from ospolab.authoring import book, lab

ROOT = course.root()
TABLE = ROOT / "book" / "_lab-speed.md"
LESSON = "notebooks/foundations/what-an-ospo-does"
SLOW_LINE = 16  # megabits a second, an ordinary household's
READING = 30  # seconds that somebody reads after reaching for the link
RUNS = 3


def first_output(page, started: float) -> dict[str, float]:
    """Run the first cell as soon as it shows; seconds since `started` until it shows, and until it has been run."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    cell.wait_for()
    shows = time.perf_counter() - started
    prompt = cell.locator(".jp-InputPrompt").first
    until = time.perf_counter() + 120
    # The stored number stands there before; and a page that is not ready loses the key.
    while "*" not in prompt.text_content():
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(100)
        assert time.perf_counter() < until, "the cell was never run"
    while "*" in prompt.text_content():
        page.wait_for_timeout(25)
        assert time.perf_counter() < until, "the cell gave no output"
    return {"shows": shows, "output": time.perf_counter() - started}


def visit(context, address: str, reading: float = 0.0) -> dict[str, float]:
    """From the lesson's page into the lab; `reading`: seconds between reaching for the link and following it."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{address}/{LESSON}.html")
    link = page.get_by_role("link", name="Run it in the browser")
    if reading:
        link.hover()
        page.wait_for_timeout(reading * 1000)
        started = time.perf_counter()
        link.click()
    else:
        target = link.get_attribute("href")
        started = time.perf_counter()
        page.goto(f"{address}/{Path(LESSON).parent}/{target}")
    figures = first_output(page, started)
    page.close()
    return figures


def measured(browser, megabits: float | None, reading: float = 0.0, again: bool = False) -> dict[str, float]:
    """The median of RUNS visits, each in a browser that knows nothing yet; again: of a second visit."""
    found = []
    for _ in range(RUNS):
        sent: list[int] = []
        with served(book.site(), megabits, sent) as address:
            context = browser.new_context()
            figures = visit(context, address, reading)
            if again:
                sent.clear()
                figures = visit(context, address)
            context.close()
        found.append(figures | {"MB": sum(sent) / 1e6})
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


def size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    from playwright.sync_api import sync_playwright

    chromium = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    (lab.site().parent / "site.sha256").unlink(missing_ok=True)
    started = time.perf_counter()
    book.build()
    building = time.perf_counter() - started
    here = book.site() / "lab"
    if not chromium or not here.is_dir():
        print("The lab was not measured: it takes Chromium, and a book that was built with a network.")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        rows = {
            "fast line, first visit": measured(browser, None),
            "fast line, again": measured(browser, None, again=True),
            f"{SLOW_LINE} Mbit/s, first visit": measured(browser, SLOW_LINE),
            f"{SLOW_LINE} Mbit/s, after {READING} s of reading": measured(browser, SLOW_LINE, reading=READING),
            f"{SLOW_LINE} Mbit/s, again": measured(browser, SLOW_LINE, again=True),
        }
        browser.close()
    facts = lab.facts()
    parts = {"Python and packages": here / "static/pyodide", "JupyterLab": here / "build", "the course": here / "files"}
    lines = [
        "<!-- Written by benchmarks/lab.py (`make bench`); do not edit. -->",
        "",
        f"Measured on {date.today()} with {os.cpu_count()} cores, Chromium, the median of {RUNS}: seconds from "
        "following the link of the first lesson to its text, and to the output of its first cell; megabytes sent, as a "
        "server that compresses sends them.",
        "",
        "| | text, s | first output, s | MB |",
        "|---|--:|--:|--:|",
        *(f"| {name} | {one['shows']:.1f} | {one['output']:.1f} | {one['MB']:.1f} |" for name, one in rows.items()),
        "",
        f"On disk the lab is {size(here):.0f} MB: "
        + ", ".join(f"{name} {size(folder):.0f}" for name, folder in parts.items())
        + f". Before the first output it loads {facts['megabytes']} MB of Python and packages. Building it, "
        f"with its packages on disk and the book unchanged, takes {building:.0f} s.",
    ]
    said = "\n".join(lines) + "\n"
    TABLE.write_text(said, "utf-8")
    print(said)


if __name__ == "__main__":
    main()
