"""The book beside a stock Jupyter Book of the same pages: weight, requests, Lighthouse, and time to build, in one run.

Writes a table for the book. Needs Chromium; Lighthouse is measured where `npx` can fetch it. Run it with `make bench`.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from datetime import date
from pathlib import Path

import yaml
from _serving import served

from ospolab import course
from ospolab.authoring import book, pages

ROOT = course.root()
TABLE = ROOT / "book" / "_book-weight.md"
LIGHTHOUSE = "lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
SHOWN = {
    "landing page": "book/index",
    "lesson": "notebooks/environmentalist/community-engagement",
    "lesson with most pictures": "notebooks/enabler/strategy",
    "exercise": "exercises/release/environmentalist-community-engagement/environmentalist-community-engagement",
    "glossary": "book/glossary",
}
STOCK = {
    "title": "The OSPO Lab",
    "only_build_toc_files": True,
    "execute": {"execute_notebooks": "force", "timeout": 120},
}
GROWTH = (20, 60, 200)


# ------------------------------------------------------------------------------------------------------------- building


def stock_book(folder: Path) -> tuple[Path, float]:
    """The same pages with the settings Jupyter Book begins with: its site, and the seconds it took."""
    for part in ("book", "notebooks", "exercises/release"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.rmtree(folder / "book/_templates")
    shutil.copy(ROOT / "_toc.yml", folder)
    (folder / "_config.yml").write_text(yaml.safe_dump(STOCK), "utf-8")
    return folder / "_build/html", seconds(folder)


def seconds(folder: Path) -> float:
    """Let Jupyter Book build a folder; its warnings do not matter here."""
    started = time.perf_counter()
    with (folder / "book.log").open("w") as log:
        subprocess.run(book.jupyter_book(folder), stdout=log, stderr=log, check=False)
    return time.perf_counter() - started


def grown(folder: Path, number: int) -> tuple[float, float]:
    """Seconds to build a book of `number` pages with our settings, from nothing and unchanged."""
    for part in ("book/_static", "book/_templates"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "_config.yml", folder)
    (folder / "requirements.txt").touch()
    (folder / "book/index.md").write_text("# Start\n\nText.\n", "utf-8")
    lessons = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    names = [f"book/page{place}" for place in range(number - 1)]
    for place, name in enumerate(names):
        shutil.copy(lessons[place % len(lessons)], folder / f"{name}.ipynb")
    toc = {"format": "jb-book", "root": "book/index", "chapters": [{"file": name} for name in names]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
    return seconds(folder), seconds(folder)


# ------------------------------------------------------------------------------------------------------------ measuring


def weigh(address: str, path: str, chromium: str) -> dict[str, float]:
    """Kilobytes over the line from here, requests to here, and requests to other hosts (which are blocked)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        said = {"kB": 0.0, "requests": 0, "to other hosts": 0}

        def count(route):
            if route.request.url.startswith(address):
                said["requests"] += 1
                route.continue_()
            else:
                said["to other hosts"] += 1
                route.abort()

        page.route("**/*", count)
        page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
        sizes: list[int] = []
        page.goto(f"{address}/{path}.html", wait_until="networkidle")
        said["kB"] = sum(sizes) / 1024
        browser.close()
    return said


def lighthouse(address: str, path: str, chromium: str) -> dict[str, float] | None:
    """Lighthouse's four figures of 100 on its phone settings and its largest paint in seconds; None without it."""
    if not shutil.which("npx"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "said.json"
        flags = f"--chrome-flags=--headless=new --no-sandbox --user-data-dir={folder}/profile"
        command = ["npx", "--yes", LIGHTHOUSE, f"{address}/{path}.html", "--quiet", "--output=json", flags]
        command += [f"--output-path={out}", f"--only-categories={','.join(CATEGORIES)}"]
        environment = os.environ | {"CHROME_PATH": chromium}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
        if not out.is_file():
            print(f"Lighthouse did not answer: {done.stderr.strip()[-300:]}")
            return None
        said = json.loads(out.read_text("utf-8"))
    figures = {name: 100 * (said["categories"][name]["score"] or 0) for name in CATEGORIES}
    return figures | {"largest paint, s": said["audits"]["largest-contentful-paint"]["numericValue"] / 1000}


# ------------------------------------------------------------------------------------------------------------ reporting


def table(rows: dict[str, dict[str, dict]], built: dict[str, float], growth: dict[int, tuple[float, float]]) -> str:
    """The fragment of a page: weight and requests, Lighthouse, building."""
    lines = [
        "<!-- Written by benchmarks/book.py (`make bench`); do not edit. -->",
        "",
        f"Measured on {date.today()}: {os.cpu_count()} cores, one run for both. *Stock* is Jupyter Book with its own "
        "settings on the same pages. Kilobytes are what a server that compresses sends; what stock asks other hosts "
        "for was blocked, and comes on top.",
        "",
        "| Page | kB | stock | requests | stock | to other hosts | stock |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, sides in rows.items():
        pairs = [
            sides[side]["weight"][key] for key in ("kB", "requests", "to other hosts") for side in ("ours", "stock")
        ]
        lines.append(f"| {name} | " + " | ".join(f"{value:.0f}" for value in pairs) + " |")
    if all(sides[side]["lighthouse"] for sides in rows.values() for side in sides):
        lines += ["", "Lighthouse on its phone settings; of 100, and the largest paint in seconds:", ""]
        names = [*CATEGORIES, "largest paint, s"]
        lines += ["| Page | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
        for name, sides in rows.items():
            for side in ("ours", "stock"):
                said = sides[side]["lighthouse"]
                cells = [f"{said[key]:.1f}" if "paint" in key else f"{said[key]:.0f}" for key in names]
                lines.append(f"| {name}, {side} | " + " | ".join(cells) + " |")
    ratio = built["stock"] / built["clean"]
    again = built["stock again"] / built["unchanged"]
    lines += [
        "",
        f"Building {len(pages.toc_files(ROOT))} pages: {built['clean']:.0f} s from nothing and "
        f"{built['unchanged']:.1f} s unchanged; stock, which runs the notebooks, {built['stock']:.0f} s and "
        f"{built['stock again']:.0f} s: "
        f"{ratio:.0f} and {again:.0f} times as long.",
        "",
        "| Pages, all lessons | from nothing, s | unchanged, s |",
        "|--:|--:|--:|",
        *(f"| {number} | {first:.0f} | {second:.1f} |" for number, (first, second) in growth.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    chromium = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if not chromium:
        print("The book was not measured: there is no Chromium here (Debian and Ubuntu: apt-get install chromium).")
        return
    built = {}
    for name, fresh in (("clean", True), ("unchanged", False)):
        started = time.perf_counter()
        site = book.build(fresh=fresh)
        built[name] = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        print("A stock book of the same pages, its notebooks run ...", flush=True)
        stock, built["stock"] = stock_book(Path(folder))
        built["stock again"] = seconds(Path(folder))
        rows = {name: {} for name in SHOWN}
        for side, where in (("ours", site), ("stock", stock)):
            with served(where) as address:
                for name, path in SHOWN.items():
                    print(f"{side}: {name} ...", flush=True)
                    figures = {
                        "weight": weigh(address, path, chromium),
                        "lighthouse": lighthouse(address, path, chromium),
                    }
                    rows[name][side] = figures
    growth = {}
    for number in GROWTH:
        print(f"{number} pages ...", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            growth[number] = grown(Path(folder), number)
    said = table(rows, built, growth)
    TABLE.write_text(said, "utf-8")
    print(said)


if __name__ == "__main__":
    main()
