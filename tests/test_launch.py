"""The repository of the release lab, the questions that are asked of it, and its views."""

import itertools
import re
from pathlib import Path

import pytest
import yaml

from ospolab import gitwork, launch, storeroom, survival
from ospolab.lessons import launching

ROOT = Path(__file__).resolve().parents[1]
KEY, SUBJECTS = storeroom.KEY, storeroom.SUBJECTS


@pytest.mark.skipif(not gitwork.available(), reason="needs git")
def test_git_says_what_the_functions_say_before_and_after_a_rewrite():
    with storeroom.built() as repo:
        assert launch.of(repo) == [(subject, dict(files)) for subject, files in storeroom.history()]
        log = ("log", "--all", "--reverse", "--format=%s", "-S")
        for _, needle in storeroom.FINDINGS.values():
            assert repo.git(*log, needle).splitlines() == launch.pickaxe(storeroom.history(), needle)
        found = repo.git("grep", "-l", KEY, *repo.git("rev-list", "--all").split()).splitlines()
        assert len(found) == len(launch.holding(storeroom.history(), KEY)) == 3
        assert repo.git("grep", "-l", KEY, check=False) == ""
        copy, clean = repo.clone("copy"), repo.rewritten("clean", {KEY: "x" * len(KEY)})
        assert clean.git(*log, KEY) == "" and copy.git(*log, KEY) != ""
        both = zip(launch.of(repo), launch.of(clean), strict=True)
        differ = {subject: launch.changed(was, now) for (subject, was), (_, now) in both if was != now}
        assert differ == {subject: {"config/settings.ini": "changed"} for subject in SUBJECTS[1:4]}
        who = ("log", "--format=%an %ae %aI %cI %s")
        assert repo.git(*who) == clean.git(*who)
        with pytest.raises(ValueError, match="as long as"):
            repo.rewritten("other", {KEY: "x"})


def test_without_git_the_cells_say_so(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    nowhere = storeroom.opened()
    for ask in (
        lambda: nowhere.git("log"),
        lambda: nowhere.clone("copy").git("log"),
        lambda: launch.of(nowhere.rewritten("clean", {})),
    ):
        with pytest.raises(gitwork.NoGit) as raised:
            ask()
        assert raised.value._render_traceback_() == [gitwork.MISSING]


def test_no_source_holds_a_key_as_a_scanner_would_see_it():
    sources = [*(ROOT / "src").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.yml")]
    assert [p.name for p in sources if KEY in (text := p.read_text("utf-8")) or storeroom.EXAMPLE_KEY in text] == []


def test_holding_and_pickaxe_look_at_all_files_of_all_commits():
    history = [("in", {"a": "key"}), ("moved", {"b": "key"}), ("twice", {"b": "key key"}), ("out", {})]
    assert launch.holding(history, "key") == ["in", "moved", "twice"]
    assert launch.pickaxe(history, "key") == ["in", "twice", "out"]
    assert launch.holding(history, "b") == []


def test_what_differs_between_two_trees_and_was_not_named():
    before, after = {"a": "1", "b": "2", "same": ""}, {"b": "3", "c": "", "same": ""}
    assert launch.changed(before, after) == {"a": "removed", "b": "changed", "c": "added"}
    assert launch.unexplained(before, after, ["b", "same"]) == ["a", "c"]


def test_names_are_compared_as_the_index_compares_them():
    # The examples of the specification.
    for name in ("friendly-bard", "Friendly-Bard", "friendly.bard", "friendly_bard", "FrIeNdLy-._.-bArD"):
        assert launch.normalised(name) == "friendly-bard"
    assert launch.valid("A") and launch.valid("a.b_c-9")
    assert not any(launch.valid(name) for name in ("", "-a", "a.", "a b", "ä", "a\n"))
    assert not launch.taken("friendlybard", ["friendly-bard"]) and launch.taken("Friendly.Bard", ["friendly__bard"])
    assert launch.taken(storeroom.PACKAGE, launch.known_names()) and storeroom.PACKAGE not in launch.known_names()


# -------------------------------------------------------------------------------------------------------------- views


def test_the_opening_counts_the_commits_that_hold_a_finding():
    alt = launching.opening().alt
    assert "key of the inventory service: from 2025-02-17 to before 2025-05-05, 3 commits" in alt
    assert "address of an internal host: from 2025-02-17 to today, 9 commits" in alt
    assert KEY not in launching.opening().to_html()


def test_the_repository_can_be_read_without_git():
    text = launching.tree().data + launching.commits().data
    assert all(path in text for path in storeroom.history()[-1][1]) and all(s in text for s in SUBJECTS)
    assert KEY not in text
    rows = re.findall(r"<td>([^<]*)</td><td>(\d+)</td><td>(yes|no)</td>", launching.places().data)
    assert len(rows) == len(storeroom.FINDINGS) and rows[0] == ("key of the inventory service", "3", "no")


def test_the_team_reports_on_every_finding_of_the_paper():
    from ospolab.portfolio import release_report

    assert len(launching.TOLD) == len(release_report.FINDINGS)


def says(years, end, still, horizon=4):
    """What the explorer says, without drawing it."""
    sides = [launching._side(years, inside, end, still, horizon) for inside in (True, False)]
    return re.sub("<.?b>", "", launching._said(sides, horizon, end, still))


def test_the_explorer_answers_every_setting():
    years = [(2017, 2026), (2018, 2019), (2026, 2026)]
    for settings in itertools.product(years, launching.ENDS.values(), launching.OPEN.values(), (1, 8)):
        assert "nan" not in says(*settings) and says(*settings).endswith(".")
    for settings in (((2017, 2026), "moved up", "out", 4), ((2026, 2026), "stuck", "never", 1)):
        sentence, figure = launching._view(*settings)
        assert "<b>" in sentence and "After" in figure.alt and "nan" not in figure.alt


def test_the_explorer_changes_its_conclusion():
    young, late = (2023, 2026), (2021, 2022)
    assert "Fewer of 2023–2026 ended" in says(young, "archived", "never")
    assert "There is no answer yet" in says(young, "archived", "seen")
    assert "More of 2021–2022 ended" in says(late, "archived", "seen")
    assert "Fewer of 2021–2022 ended" in says(late, "moved up", "seen")
    assert "93 % (86 to 97) of those of 2021–2022" in says(late, "stuck", "seen")
    cell = "<td[^>]*>([^<]*)</td>"
    rows = re.findall(f">([^<>]*)</th>{cell}{cell}", launching.settings().data)
    told = [
        says(young, "archived", "never"),
        "",
        *(says(late, end, "seen") for end in ("archived", "moved up", "stuck")),
    ]
    assert rows[1][1] == "not known" and len(rows) == len(told)
    assert all(f"After 4 years {ours} " in one for (_, ours, _), one in zip(rows, told, strict=True) if one)
    # Of those that stand today and entered less than four years ago, it is not known.
    table = survival.lives(None, late)
    unknown = ((table["end"] == "") & (table["years"] < 4)).sum()
    assert f"is known of {72 - unknown} of 72" in says(late, "archived", "seen")


def test_the_exercise_asks_about_figures_that_hold():
    """The statements of the form "survival" that hold, and its six projects."""
    table = launching.after((3, 4), (2018, 2019), (2021, 2022))
    assert table.loc[("2018–2019", "3 years"), "moved up"] == 75
    late = table.loc[("2021–2022", "4 years")]
    assert late["archived"] > late["moved up"] and late["projects"] == 72
    young = survival.lives(None, (2023, 2026))
    assert round(100 * (young["end"] != "").mean()) == 1
    curve = survival.curve([1, 2, 2.5, 3, 4, 5], [True, False, True, False, True, False])
    assert curve.loc[2.5, "at_risk"] == 4 and curve["surviving"].iloc[-1] == 0.3125
    forms = yaml.safe_load((ROOT / "exercises/source/advocate-governance/forms.yml").read_text("utf-8"))
    assert len(forms["survival"]["fields"][2]["rows"]) == 6
