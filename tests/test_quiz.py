"""Quizzes: what a quiz file may say, and what choosing an option shows and remembers."""

import copy
import re
import shutil
import sys
import textwrap

import pytest

from ospolab.learner import MARKER, progress
from ospolab.lessons import quiz, quizzes

QUIZ = """
- id: q1
  outcome: enabler.strategy.1
  prompt: >
    Which *one*?
  options:
    - {text: The `first`, correct: true, why: "Because **so**."}
    - {text: The second, why: It is not.}
    - {text: The third, why: Nor this.}
- id: q2
  outcome: enabler.strategy.2
  prompt: And <b>now</b>?
  options:
    - {text: no, why: Not no.}
    - {text: yes, correct: true, why: Right so.}
"""


@pytest.fixture
def course(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks" / "enabler"
    folder.mkdir(parents=True)
    (folder / "strategy.quiz.yml").write_text(QUIZ, encoding="utf-8")
    monkeypatch.chdir(folder)
    return tmp_path


@pytest.fixture
def remembered(course, monkeypatch):
    """What is remembered, in a learner's copy: kind -> key -> value."""
    (course / MARKER).mkdir()
    known = {"quiz": {}, "read": {}}

    def record(kind, key, value):
        known[kind][key] = value
        return True

    monkeypatch.setattr(quizzes, "_progress_read", lambda: known)
    monkeypatch.setattr(quizzes, "_progress_record", record)
    return known


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            ", correct: true, why: Right so.",
            ", why: Right so.",
            'question "q2": options: none is marked `correct: true`',
        ),
        (", why: Not no.", "", 'question "q2", option 1, why: is missing'),
        ("id: q2", "id: q1", 'the id "q1" is there twice'),
        ("text: yes", "text: no", 'question "q2": options: "no" is there twice'),
        ("why: Nor this.", "why: Nor this., corect: true", 'question "q1", option 3, corect: there is no such key'),
        ("  outcome: enabler.strategy.2\n", "", 'question "q2", outcome: is missing'),
        ("correct: true", "correct: perhaps", "Input should be a valid boolean"),
        ("  prompt: And", "  id: q3\n  prompt: And", "line 12"),
    ],
)
def test_an_author_is_told_what_is_wrong(course, old, new, message):
    path = course / "notebooks/enabler/strategy.quiz.yml"
    assert old in QUIZ
    path.write_text(QUIZ.replace(old, new))
    with pytest.raises(quizzes.QuizError) as caught:
        quiz("enabler/strategy")
    assert str(caught.value).startswith("strategy.quiz.yml") and message in str(caught.value)


def test_an_empty_file_and_no_file(course):
    (course / "notebooks/enabler/strategy.quiz.yml").write_text("")
    with pytest.raises(quizzes.QuizError, match="expected a list of questions"):
        quiz("enabler/strategy")
    with pytest.raises(quizzes.QuizError, match='There is no quiz "enabler/governance": looked for'):
        quiz("enabler/governance")


def test_where_a_quiz_is_found(course, tmp_path, monkeypatch):
    own = course / "notebooks/enabler/strategy.quiz.yml"
    assert quizzes.find("enabler/strategy") == own
    other = course / "notebooks/counselor/strategy.quiz.yml"
    other.parent.mkdir()
    other.write_text(QUIZ)
    assert quizzes.find("counselor/strategy") == other  # although strategy.quiz.yml lies in the current folder
    assert quizzes.find("enabler/strategy", course / "exercises") == own
    assert quizzes.find("enabler/strategy", course) == own
    moved = tmp_path / "moved"
    moved.mkdir()
    own.rename(moved / own.name)
    assert quizzes.find("enabler/strategy", moved) == moved / own.name


def test_choosing_explains_at_once_and_others_can_be_tried(course, remembered):
    shown = quiz("enabler/strategy")
    first, second = shown.asked
    assert shown.status.value == "0 of 2 answered, 0 right at first try"
    first.choose.radio.index = 2
    assert "✗</span> Not this one.</span> Nor this." in first.told.value and "ospolab-not" in first.told._dom_classes
    first.choose.radio.index = 0
    assert "✓</span> Right.</span> Because <strong>so</strong>." in first.told.value
    assert "ospolab-right" in first.told._dom_classes and "ospolab-not" not in first.told._dom_classes
    assert shown.status.value == "1 of 2 answered, 0 right at first try"
    second.choose.radio.index = 1
    assert shown.status.value == "1 of 2 answered right at first try"
    assert remembered["quiz"] == {
        "enabler/strategy/q1": {"chosen": 0, "correct": True, "first": 2},
        "enabler/strategy/q2": {"chosen": 1, "correct": True, "first": 1},
    }


def test_earlier_choices_come_back(course, remembered):
    remembered["quiz"]["enabler/strategy/q1"] = {"chosen": 0, "correct": True, "first": 2}
    remembered["quiz"]["enabler/strategy/q2"] = {"chosen": 1, "correct": True}
    before = copy.deepcopy(remembered)
    shown = quiz("enabler/strategy")
    assert shown.asked[0].choose.radio.index == 0 and "Right." in shown.asked[0].told.value
    assert shown.status.value == "1 of 2 answered right at first try"
    assert remembered == before


@pytest.mark.parametrize(
    "entry", [None, 3, {}, {"chosen": 9}, {"chosen": "0"}, {"chosen": None}, {"chosen": 0, "first": 9}]
)
def test_what_was_remembered_of_an_older_quiz_does_no_harm(course, remembered, entry):
    remembered["quiz"]["enabler/strategy/q1"] = entry
    remembered["read"]["enabler/strategy"] = entry
    assert quiz("enabler/strategy").read.box.value is False


def test_a_quiz_works_without_a_learners_copy_or_the_bookkeeping(course, monkeypatch):
    quiz("enabler/strategy").asked[0].choose.radio.index = 1
    monkeypatch.setitem(sys.modules, "ospolab.learner", None)
    shown = quiz("enabler/strategy")
    shown.asked[0].choose.radio.index = 1
    assert shown.status.value == "1 of 2 answered, 0 right at first try"


def test_choices_go_to_the_learners_progress(course, monkeypatch):
    written = []
    monkeypatch.setattr(progress, "record", lambda *event: written.append(event))
    quiz("enabler/strategy").asked[1].choose.radio.index = 0
    assert written == [("quiz", "enabler/strategy/q2", {"chosen": 0, "correct": False, "first": 0})]


CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
def test_arrow_keys_look_and_the_space_bar_or_enter_chooses(course):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    keys = next(
        child.value for child in quiz("enabler/strategy").children if "ArrowDown" in getattr(child, "value", "")
    )
    options = "".join(f'<input type="radio" name="q1" value="{at}">' for at in range(3))
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        # As JupyterLab does it: HTML put into a page that is there already.
        page.evaluate(
            """html => new Promise(done => {
                document.body.innerHTML = html;
                document.querySelector("style").addEventListener("load", done);
            })""",
            f'<div class="ospolab-quiz">{keys}<div class="ospolab-radio">{options}</div></div>',
        )
        radios = page.locator("input")

        def pressed(*names):
            for name in names:
                page.keyboard.press(name)
            return radios.evaluate_all(
                "all => [all.findIndex(one => one.checked), all.indexOf(document.activeElement)]"
            )

        radios.first.focus()
        assert pressed("ArrowDown", "ArrowDown") == [-1, 2]
        assert pressed("Space") == [2, 2]
        assert pressed("ArrowRight", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft") == [2, 1]
        assert pressed("Enter") == [1, 1]
        radios.first.click()
        assert pressed() == [0, 0]
        browser.close()


# Read


def test_the_tick_is_kept_at_once_restored_and_taken_back(course):
    (course / MARKER).mkdir()
    tick = quiz("enabler/strategy").read.box
    assert tick.description == "I have read this lesson" and tick.value is False
    tick.value = True
    assert progress.read()["read"] == {"enabler/strategy": True}
    again = quiz("enabler/strategy").read
    assert again.box.value is True
    again.box.value = False
    assert progress.read()["read"] == {"enabler/strategy": False} and not again.told.value
    assert quiz("enabler/strategy").read.box.value is False
    assert quiz("enabler/strategy").status.value.startswith("0 of 2")


def test_the_last_answer_ticks_it_once_and_the_learner_has_the_last_word(course, remembered):
    shown = quiz("enabler/strategy")
    shown.asked[0].choose.radio.index = 2
    assert shown.read.box.value is False and remembered["read"] == {}
    shown.asked[1].choose.radio.index = 0
    assert shown.read.box.value is True and remembered["read"] == {"enabler/strategy": True}
    shown.read.box.value = False
    shown.asked[1].choose.radio.index = 1
    assert shown.read.box.value is False and remembered["read"] == {"enabler/strategy": False}
    assert quiz("enabler/strategy").read.box.value is False


def test_a_quiz_answered_before_there_was_a_tick_shows_it(course, remembered):
    for name in ("q1", "q2"):
        remembered["quiz"][f"enabler/strategy/{name}"] = {"chosen": 0, "correct": True}
    assert quiz("enabler/strategy").read.box.value is True
    assert remembered["read"] == {}  # looking at it says nothing


def test_a_tick_that_cannot_be_kept_says_so_and_raises_nothing(course):
    (course / MARKER / progress.NAME).mkdir(parents=True)  # nothing can be written there
    read = quiz("enabler/strategy").read
    read.box.value = True
    assert "could not be saved" in read.told.value
    (course / MARKER / progress.NAME).rmdir()
    read.box.value = False
    assert read.told.value == ""


def test_outside_a_learners_copy_there_is_no_tick(course):
    shown = quiz("enabler/strategy")
    assert shown.read is None
    for asked in shown.asked:
        asked.choose.radio.index = 0
    assert shown.status.value == "1 of 2 answered right at first try"


# The picture


def test_the_picture(course, remembered):
    shown = quiz("enabler/strategy")
    bundle = shown._repr_mimebundle_()
    html = bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "Quiz: enabler/strategy (2 questions)"
    assert html.startswith('<div class="ospolab-quiz">') and html.count("run this cell") == 1
    for label in re.findall(r'role="group" aria-labelledby="([^"]+)"', html):
        assert html.count(f'id="{label}"') == 1
    assert re.findall(r' id="([^"]+)"', html) == ["quiz-enabler-strategy-q1", "quiz-enabler-strategy-q2"]
    assert html.count("<details>") == 5 and html.count("<p><strong>Right.</strong>") == 2
    assert (
        "<details><summary>The <code>first</code></summary>"
        "<p><strong>Right.</strong> Because <strong>so</strong>.</p></details>"
    ) in html
    assert "And &lt;b&gt;now&lt;/b&gt;?" in html and "<script" not in html
    assert shown.read and "<input" not in html and "read" not in html
    shown.asked[0].choose.radio.index = 0
    shown.read.box.value = True
    assert quiz("enabler/strategy")._repr_mimebundle_()["text/html"] == html


def test_an_option_that_looks_like_a_truth_value_stays_text(course):
    assert [option.text for option in quizzes.load(quizzes.find("enabler/strategy"))[1].options] == ["no", "yes"]


def test_windows_line_ends(course):
    path = course / "notebooks/enabler/strategy.quiz.yml"
    path.write_bytes(b"\xef\xbb\xbf" + textwrap.dedent(QUIZ).replace("\n", "\r\n").encode())
    assert len(quizzes.load(path)) == 2
