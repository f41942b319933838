"""The style sheet and the script of the book: what is left out, and what must not be."""

import base64
import io
import re
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the book's tools are not installed")

import tinycss2
from fontTools.ttLib import TTFont

from ospolab.authoring import light_pages, search_index

USED = {"shown", "main"}.__contains__


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".shown{color:red}", ".shown{color:red}"),
        (".gone{color:red}", ""),
        (".shown .gone{color:red}", ""),
        (".gone,.shown>a,p{color:red}", ".shown>a,p{color:red}"),
        ("#main.shown,#other{color:red}", "#main.shown{color:red}"),
        # What an element must not have, or may have, says nothing about what it has.
        ("p:not(.gone){color:red}", "p:not(.gone){color:red}"),
        ("p:is(.gone,.shown){color:red}", "p:is(.gone,.shown){color:red}"),
        ('[class*=".gone"]{color:red}', '[class*=".gone"]{color:red}'),
        ("@media print{.gone{color:red}p{margin:0}}", "@media print{p{margin:0}}"),
        ("@media print{.gone{color:red}}", ""),
        (
            "@supports (color:red){@media print{.shown{color:red}}}",
            "@supports (color:red){@media print{.shown{color:red}}}",
        ),
        ("@keyframes turn{from{opacity:0}to{opacity:1}}", "@keyframes turn{from{opacity:0}to{opacity:1}}"),
        (
            '@charset "utf-8";/* said */p{content:"\\f002"}',
            'p{content:"\uf002"}',
        ),  # an escape and its character are one
    ],
)
def test_rules_for_what_no_page_has_are_left_out(css, kept):
    assert light_pages.used_rules(css, USED) == kept


def test_classes_are_found_however_a_page_quotes_them():
    page = """<p class="one two" id='three'></p><b CLASS=four></b><i data-class="five">class of six</i>"""
    assert {"one", "two", "three"} <= light_pages.classes_of(page)
    assert "six" not in light_pages.classes_of(page)


@pytest.mark.parametrize(
    ("address", "becomes"),
    [
        ("url(../images/a.svg)", "url(images/a.svg)"),
        ('url("b.png?v=1")', "url(styles/b.png)"),
        ("url(data:image/png;base64,AA)", "url(data:image/png;base64,AA)"),
        ("url(#mark)", "url(#mark)"),
    ],
)
def test_addresses_hold_in_the_new_folder(address, becomes):
    css = f"p{{background:{address}}}"
    assert light_pages.moved(css, Path("_static/styles"), Path("_static")) == f"p{{background:{becomes}}}"


def test_the_font_has_the_icons_named_and_no_other():
    import pydata_sphinx_theme

    theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
    font = theme / "vendor/fontawesome/webfonts/fa-solid-900.ttf"
    rule = light_pages.icon_font(r'.fa-sun{--fa:"\f185"}p::before{content:"' + "\uf002" + '"}', font)
    data = base64.b64decode(re.search(r"base64,([^)]*)\)", rule)[1])
    assert sorted(TTFont(io.BytesIO(data)).getBestCmap()) == [0xF002, 0xF185]
    assert len(data) < 4000
    assert tinycss2.parse_stylesheet(rule)[0].at_keyword == "font-face"


def test_words_for_the_search():
    found = search_index.words("The AGPL-3.0-only licence, the agpl and 2,024 lock_files: a licence. x")
    assert found["agpl-3.0-only"] == 1 and found["agpl"] == 2 and found["licence"] == 2 and "lock_files" in found
    assert not {"the", "a", "x", "3", "0", "2,024"} & set(found)
