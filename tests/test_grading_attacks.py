"""Submissions that attack the grader (`tests/attacks`), graded as one class with two honest neighbours.

Each attack is bounded, and the grader runs in a process of its own with a limit on its memory and its time: a wall that
fails harms nothing. The measurements themselves are tested on stock nbgrader, which is known to fall.
"""

import os
import sys

import pytest

from ospolab.authoring import attacks
from ospolab.authoring.attack_course import BOUND, FIRST, LAST
from ospolab.authoring.attack_harms import FAT, live, said

pytestmark = [
    pytest.mark.xdist_group("attacks"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are watched in /proc"),
]

WORDS = ("mark", "brand", "me", "folder", "port", "bound", "deep", "long")


@pytest.fixture(scope="module")
def graded():
    """What came of each attack, by name."""
    from ospolab.grading import sandbox

    if reason := sandbox.probe():
        pytest.skip(reason)
    return attacks.ours([attacks.attack(name) for name in attacks.names()])


def test_there_are_attacks_of_every_kind():
    corpus = [attacks.attack(name) for name in attacks.names()]
    assert len(corpus) >= 40
    assert {one.kind for one in corpus} == set(attacks.KINDS)
    assert len({one.what for one in corpus}) == len(corpus)


@pytest.mark.parametrize("name", attacks.names())
def test_an_attack_is_laid_out_and_bounded(name, tmp_path):
    one = attacks.attack(name)
    attacks.hand_in(one, tmp_path / "in", {word: "18" for word in WORDS})
    for path in (tmp_path / "in").rglob("*"):
        if path.is_file() and not path.is_symlink():
            left = [word for word in WORDS if "{{" + word + "}}" in path.read_text(encoding="utf-8")]
            assert not left, f"{path.name} still holds {left}"
    assert BOUND <= 20
    for source in (*one.cells.values(), *(extra["source"] for extra in one.own)):
        for endless in ("while True", "itertools.cycle(iter", "kill(-1", "killpg"):
            assert endless not in source


@pytest.mark.parametrize("name", attacks.names())
def test_an_attack_comes_to_nothing(graded, name):
    assert graded[name]["harms"] == {}, said(graded[name])


def test_no_attack_makes_the_grader_large(graded):
    assert max(result["peak"] for result in graded.values()) < FAT


def test_what_can_be_read_is_graded(graded):
    """Whoever is refused is refused for what was handed in, not for what it did."""
    refused = {name for name, result in graded.items() if not result["graded"]}
    assert refused == {"metadata-padding", "paths-answers", "paths-folder", "paths-notebook", "paths-source"}


# The measurements


@pytest.mark.skipif(not os.environ.get("OSPOLAB_ATTACKS"), reason="takes a minute: OSPOLAB_ATTACKS=1 runs it")
def test_the_harness_sees_what_stock_nbgrader_lets_through():
    chosen = {"paths-answers": {"points", "neighbour"}, "outlives-program": {"outlives"}}
    found = attacks.stock([attacks.attack(name) for name in chosen], told=lambda said: None)
    assert {name: set(result["harms"]) for name, result in found.items()} == chosen


@pytest.mark.parametrize(
    "page",
    [
        "<script>/* m1 */</script>",
        "<SCRIPT type='module'>m1</SCRIPT>",
        "<img src=x onerror=\"document.title='m1'\">",
        "<a href=' java\nscript:m1'>x</a>",
        "<a href='&#106;avascript:m1'>x</a>",
        "<a href='data:text/html,m1'>x</a>",
        "<iframe srcdoc='m1'></iframe>",
        "<p>$$\\href{&#106;avascript:m1}{x}$$</p>",
    ],
)
def test_live_script_is_seen(page):
    assert live(page, "m1")


@pytest.mark.parametrize(
    "page",
    [
        "&lt;script&gt;m1&lt;/script&gt;",
        "<p title='javascript'>m1</p><script>ours()</script>",
        "<a href='https://example.org/m1'>x</a>",
        "<script type='application/json'>m1</script>",
    ],
)
def test_what_is_only_shown_is_not_live(page):
    assert not live(page, "m1")


def test_the_neighbours_frame_the_class():
    assert all(FIRST < name < LAST for name in attacks.names())
