"""Figures and explorers: readable in both themes, by those who do not see them, and the same in every run."""

import re

import ipywidgets
import pandas as pd
import pytest

from ospolab.lessons import handover
from ospolab.lessons.explorers import Explorer
from ospolab.lessons.figures import canvas, figure


def drawn():
    drawing, ax = canvas()
    ax.plot([1, 2, 3], label="a line")
    ax.set_ylabel("people")
    return drawing


def test_a_figure_needs_a_text_alternative():
    with pytest.raises(ValueError, match="say in alt"):
        figure(drawn(), alt=" ")


def test_a_figure_takes_the_colour_of_the_page_and_says_what_it_shows():
    html = figure(drawn(), alt='Rises from 1 to 3 & "stops"', caption="A < B").to_html()
    assert 'role="img" aria-label="Rises from 1 to 3 &amp; &quot;stops&quot;"' in html
    assert "currentColor" in html and "#010203" not in html and "#000000" not in html
    assert "<figcaption>A &lt; B</figcaption>" in html
    assert "<?xml" not in html and "<metadata" not in html


def test_the_same_drawing_is_the_same_text_and_ids_do_not_meet():
    one, same, other = (
        figure(drawn(), "one").to_html(),
        figure(drawn(), "one").to_html(),
        figure(drawn(), "other").to_html(),
    )
    assert one == same

    def ids(html):
        return re.findall(r'\sid="([^"]+)"', html)

    assert ids(one) and len(ids(one)) == len(set(ids(one)))
    assert not set(ids(one)) & set(ids(other))
    for reference in re.findall(r'(?:href="#|url\(#)([^")]+)', one):
        assert reference in ids(one)


def test_explorer_shows_its_starting_state_whatever_was_moved():
    slider = ipywidgets.IntSlider(value=3, min=1, max=9, description="How many")
    explorer = Explorer(
        "Counting", lambda many: (f"<b>{many}</b> of them", figure(drawn(), f"{many} shown")), {"many": slider}
    )
    before = explorer._repr_mimebundle_()["text/html"]
    slider.value = 7
    assert "<b>7</b> of them" in explorer.sentence.value and "7 shown" in explorer.picture_now.value
    assert explorer._repr_mimebundle_()["text/html"] == before
    assert "<b>3</b> of them" in before and "How many: 3" in before and "run this cell" in before


def test_settings_of_the_labs_explorer_give_a_conclusion():
    explorer = handover.explorer()
    said = set()
    for project in explorer.controls["project"].options:
        for window, share in ((1, 80), (4, 50), (12, 80)):
            sentence, picture = explorer.view(project, window, share)
            assert project in sentence and picture.alt
            said.update(word for word in ("better", "worse", "unchanged", "too few", "ask what") if word in sentence)
    assert said == {"better", "worse", "unchanged", "too few", "ask what"}


def test_the_conclusion_about_xz_turns_with_the_share():
    explorer = handover.explorer()
    assert "▲ better" in explorer.sentence.value
    explorer.controls["share"].value = 50
    assert "● unchanged" in explorer.sentence.value


def test_curves_to_read_do_not_name_their_project():
    for letter, project in (("A", "redis"), ("B", "flask"), ("C", "colors")):
        html = handover.curve_to_read(letter).to_html()
        assert project not in html and f"Curve {letter}" in html


def test_arrows_have_a_word_and_a_sign():
    shown = handover.arrows(pd.Series({"a": 1, "b": 2, "c": 3}), pd.Series({"a": 2, "b": 2, "c": 1}))
    assert shown["dashboard"].tolist() == ["▲ better", "● unchanged", "▼ worse"]
