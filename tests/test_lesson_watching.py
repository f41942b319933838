"""The views of the lab "Who really controls it?": what they say, and that the explorer answers every setting."""

import itertools

import pytest

from ospolab import control
from ospolab.lessons import watching

SETTINGS = list(itertools.product(watching.DEFINITIONS, control.BLANKS, control.NAMES))


def test_the_opening_counts_every_project_once():
    picture = watching.opening()
    assert "141 of 231" in picture.caption
    bars = [int(part.rsplit(": ", 1)[1].rstrip(".")) for part in picture.alt.split("projects. ")[1].split("; ")]
    assert sum(bars) == 231 and sum(bars[5:]) == 141


def test_the_explorer_answers_every_setting():
    said = {setting: watching._ranked(*setting) for setting in SETTINGS[::5]}
    assert all("of 231" in sentence and picture.alt.count(". ") >= 12 for sentence, picture in said.values())
    assert len({sentence for sentence, _ in said.values()}) > 5


def test_moving_a_control_changes_the_conclusion():
    explorer = watching.explorer()
    begun, picture = explorer.sentence.value, explorer.picture_now.value
    assert "141 of 231" in begun and "Linkerd, gRPC and Backstage" in begun
    explorer.controls["definition"].value = "people"
    assert "SOPS, Helm and Linkerd" in explorer.sentence.value and explorer.picture_now.value != picture
    explorer.controls["definition"].value = "share"
    explorer.controls["blanks"].value = "one-company"
    assert "149 of 231" in explorer.sentence.value and "New among the first five: SOPS" in explorer.sentence.value
    explorer.controls["blanks"].value = "alone"
    explorer.controls["names"].value = "owners"
    assert "142 of 231" in explorer.sentence.value


def test_an_order_begins_with_the_most_worrying():
    assert watching.order(watching.WATCHED, "share").index[0] == "Linkerd"
    assert watching.order(watching.WATCHED, "elephant").iloc[0] == 1
    assert watching.order(watching.WATCHED, "left").is_monotonic_increasing
    for definition in watching.DEFINITIONS:
        assert sorted(watching.order(watching.WATCHED, definition).index) == sorted(watching.WATCHED)


@pytest.mark.parametrize("pair", ["terraform/opentofu", "elasticsearch/opensearch", "redis/valkey"])
def test_a_picture_of_a_fork_names_both_sides(pair):
    picture = watching.fork_figure(pair)
    for name in pair.split("/"):
        assert name in picture.alt and name in picture.caption


def test_the_lists_of_the_exercise_give_their_key():
    shown = watching.lists_to_count()
    assert control.UNSTATED not in set(shown["employer"])
    for letter, project in watching.LISTS.items():
        assert project not in str(shown)
        held = dict(zip(shown.loc[letter, "employer"], shown.loc[letter, "seats"], strict=True))
        unstated = held.pop("(none stated, or independent)")
        figures = {column: figure for column, (figure, _, _) in watching.list_key()[f"list-{letter.lower()}"].items()}
        assert figures["share"] == pytest.approx(100 * max(held.values()) / (sum(held.values()) + unstated))
        assert figures["left"] == sum(held.values()) + unstated - max(held.values())
        assert figures["most"] > figures["share"] and figures["elephant"] > 1


def test_the_table_of_forks_puts_the_fork_first_and_has_no_not_a_number():
    shown = watching.fork_table()
    assert "nan" not in shown.to_string().lower()
    assert shown.loc[("OpenTofu", 2022)].tolist() == ["– / 4", "– / 47.5", "– / 3.2"]
    assert shown.loc[("OpenTofu", 2025), "contributors"] == "19.8 / 30.5"
    assert shown.loc[("OpenSearch", 2022), "contributors"] == "44.8 / –"
    each = watching.fork_tables().data
    assert each.count("<table") == 3 and "<strong>OpenTofu / Terraform</strong>" in each
