"""A small repository, built in a temporary folder, and what repo-review and REUSE say about it.

It is invented. Git works as `ospolab.gitwork` lets it: the learner's own settings are neither read nor changed. The
linters need neither git nor a network.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pandas as pd

from ospolab import gitwork

__all__ = [
    "BARE",
    "FIXED",
    "HANDED_IN",
    "HEADER",
    "MIT",
    "TICKED",
    "before_and_after",
    "built",
    "label_faults",
    "labelled",
    "lint",
    "reuse_lint",
    "review",
]

# REUSE-IgnoreStart: the labels below belong to the repository that is built, not to this file.
LABEL = "SPDX-License-Identifier:"
HEADER = f"# SPDX-FileCopyrightText: 2026 Tide Table contributors\n# {LABEL} Apache-2.0\n"
THEIRS = f"# SPDX-FileCopyrightText: 2019 Moon Phases contributors\n# {LABEL} MIT\n"
ORIGIN = "# Copied from https://example.org/moon-phases, version 2.1, unchanged.\n"
# REUSE-IgnoreEnd
MIT = (
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated "
    "documentation files, to deal in the Software without restriction. (Shortened for the course: a real repository "
    "carries the full text.)\n"
)
APACHE = "Apache License, Version 2.0. (Shortened for the course: a real repository carries the full text.)\n"

# What the lesson builds: a small library as a team leaves it when it works for the team.
BARE = {
    "README.md": "# Tide table\n",
    "pyproject.toml": '[project]\nname = "tide-table"\nversion = "0.3.0"\n',
    "src/tide_table/__init__.py": "from tide_table.moon import phase\n\n\ndef high(day):\n    return phase(day)\n",
    "src/tide_table/moon.py": f"{THEIRS}{ORIGIN}\n\ndef phase(day):\n    return day % 29.5\n",
}
# Nothing but names: what makes a linter green.
TICKED = {
    **BARE,
    **dict.fromkeys(("LICENSE", "docs/index.md", "tests/test_tide.py", ".gitignore", "noxfile.py"), ""),
    "LICENSES/Apache-2.0.txt": "",
}
GUIDE = """# How to get a change in

1. `python -m pip install -e . && python -m pytest` runs the tests, in a minute.
2. Small fixes: open a change. Larger ones: open an issue first.
3. Somebody of the team answers within five working days.
"""
# The same with what the files are for.
FIXED = {
    **BARE,
    "README.md": "# Tide table\n\n"
    "After `python -m pip install -e .`, `python -m tide_table 12` tells the tide of day 12.\n\n"
    "Questions: open an issue. Changes: see CONTRIBUTING.md.\n",
    "CONTRIBUTING.md": GUIDE,
    "SECURITY.md": "Report a weakness in private: security at the address on our page. Answer within three days.\n",
    "LICENSE": APACHE,
    "LICENSES/Apache-2.0.txt": APACHE,
    "LICENSES/MIT.txt": MIT,
    "REUSE.toml": 'version = 1\n\n[[annotations]]\npath = ["*.md", "*.toml", "docs/**", ".gitignore"]\n'
    'SPDX-FileCopyrightText = "2026 Tide Table contributors"\n'
    'SPDX-License-Identifier = "Apache-2.0"\n',
    "docs/index.md": "# How the tides are computed\n\nFrom the phase of the moon, roughly.\n",
    "tests/test_tide.py": f"{HEADER}from tide_table import high\n\n\ndef test_new_moon():\n    assert high(0) == 0\n",
    ".gitignore": "__pycache__/\n",
    "noxfile.py": f'{HEADER}import nox\n\n\n@nox.session\ndef tests(session):\n    session.run("pytest")\n',
    "src/tide_table/__init__.py": HEADER + BARE["src/tide_table/__init__.py"],
    "src/tide_table/__main__.py": f"{HEADER}"
    "import sys\n\nfrom tide_table import high\n\nprint(high(int(sys.argv[1])))\n",
}
# What the exercise is about: half put right, with ticks that say nothing. Labels are missing in two Python files.
HANDED_IN = {
    **{name: text for name, text in FIXED.items() if name not in ("CONTRIBUTING.md", "docs/index.md")},
    "README.md": "# Tide table\n",
    "LICENSE": "",
    ".gitlab-ci.yml": "tests:\n  script: python -m pytest\n",
    "REUSE.toml": FIXED["REUSE.toml"].replace('".gitignore"', '".gitignore", ".gitlab-ci.yml", "LICENSE"'),
    "src/tide_table/__init__.py": BARE["src/tide_table/__init__.py"],
    "src/tide_table/harbour.py": "HARBOURS = {}\n",
}
del HANDED_IN["tests/test_tide.py"]

# Checks of sp-repo-review that a lesson can read aloud. The other fifty are about the tools of Python projects.
CHECKS = ("PY002", "PY003", "PY004", "PY005", "PY007", "PY008", "GH100")


@contextlib.contextmanager
def built(files: Mapping[str, str], commit: bool = True) -> Iterator[Path]:
    """The folder of a repository with these files (path -> text), gone when the block ends.

    commit: make it a git repository with one commit, where there is a git. Raises ValueError for a path that leaves
    the folder.
    """
    with tempfile.TemporaryDirectory(prefix="tide-table-") as made, contextlib.ExitStack() as opened:
        folder = Path(made)
        repository = opened.enter_context(gitwork.repository(folder)) if commit and gitwork.available() else None
        for name, text in files.items():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.name or "\\" in name or ":" in name:
                raise ValueError(f"{name!r} is no path inside the repository")
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        if repository:
            repository.commit("Begin the tide table", on="2026-11-02", by="host team")
        yield folder


def review(folder: Path) -> pd.DataFrame:
    """What repo-review says about a folder: index the check's id, columns check (words) and passes (bool)."""
    from repo_review.processor import process

    found = {result.name: result for result in process(folder).results if result.name in CHECKS}
    rows = {name: {"check": found[name].description, "passes": bool(found[name].result)} for name in CHECKS}
    return pd.DataFrame.from_dict(rows, orient="index")


def reuse_lint(folder: Path) -> dict:
    """What `reuse lint` says about a folder: compliant (bool) and, sorted, the files and licences it names.

    Keys: compliant, without_licence, without_copyright, missing_texts (named, and no text there), unused_texts.
    """
    from reuse.project import Project
    from reuse.report import ProjectReport

    report = ProjectReport.generate(Project.from_directory(folder), multiprocessing=False)
    inside = [
        sorted(Path(path).resolve().relative_to(folder.resolve()).as_posix() for path in paths)
        for paths in (report.files_without_licenses, report.files_without_copyright)
    ]
    return {
        "compliant": report.is_compliant,
        "without_licence": inside[0],
        "without_copyright": inside[1],
        "missing_texts": sorted(report.missing_licenses),
        "unused_texts": sorted(report.unused_licenses),
    }


def lint(files: Mapping[str, str]) -> tuple[pd.DataFrame, dict]:
    """What both say about a repository with these files."""
    with built(files, commit=False) as folder:
        return review(folder), reuse_lint(folder)


# Labels


def labelled(files: Mapping[str, str], header: str = HEADER) -> dict[str, str]:
    """The files, with the header above every Python file that names no licence. The others stay as they are."""
    return {
        name: header + text if name.endswith(".py") and LABEL not in text else text for name, text in files.items()
    }  # fmt: skip


def label_faults(before: Mapping[str, str], after: object, header: str = HEADER) -> dict[str, list[str]]:
    """What a labelling did wrong: "labels" where it should have added, "keeps" where it should have left alone."""
    if not isinstance(after, dict):
        said = f"It gave {type(after).__name__}; expected the dictionary of all files."
        return {"labels": [said], "keeps": [said]}
    faults: dict[str, list[str]] = {"labels": [], "keeps": []}
    for name, good in labelled(before, header).items():
        text = after.get(name)
        if good == before[name]:
            if text != good:
                why = "it names its licence already" if LABEL in good else "it is no Python file"
                faults["keeps"].append(f"{name} should stay as it is: {why}.")
        elif not isinstance(text, str) or not text.startswith(header) or not text.endswith(before[name]):
            faults["labels"].append(f"{name} should be the header, and then its own text.")
    faults["keeps"] += [f"{name} was not there before." for name in after if name not in before]
    return faults


def before_and_after(label: object) -> pd.DataFrame:
    """What the linters say about the exercise's repository, before and after the learner's function.

    label: takes and returns files (path -> text). Where it gives nothing of use, only the state before is shown.
    """
    states = {"before": dict(HANDED_IN)}
    try:
        after = label(dict(HANDED_IN))  # type: ignore[operator]
    except Exception:  # a learner's own code, not yet right: the table says so by having no second column
        after = None
    if isinstance(after, dict) and all(isinstance(part, str) for pair in after.items() for part in pair):
        states["after"] = after
    shown = {}
    for state, files in states.items():
        try:
            checks, reuse = lint(files)
        except (OSError, ValueError):
            continue
        shown[state] = {
            "repo-review: checks passed": f"{int(checks['passes'].sum())} of {len(checks)}",
            "REUSE: files without a licence": str(len(reuse["without_licence"])),
            "REUSE: compliant": "yes" if reuse["compliant"] else "no",
        }
    return pd.DataFrame(shown)
