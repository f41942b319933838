"""A notebook on disk shows pictures where live views were."""

from ospolab.learner.saving import LIVE, keep_the_picture


def model(data):
    return {"type": "notebook", "content": {"cells": [{"outputs": [{"data": data}]}, {"cell_type": "markdown"}]}}


def test_a_live_view_with_a_picture_beside_it_is_left_out():
    saved = model({LIVE: {"model_id": "x"}, "text/html": "<p>picture</p>"})
    keep_the_picture(saved, path="a.ipynb", contents_manager=None)
    assert saved["content"]["cells"][0]["outputs"][0]["data"] == {"text/html": "<p>picture</p>"}


def test_everything_else_stays_as_it_is():
    for data in ({LIVE: {"model_id": "x"}}, {"text/plain": "1"}):
        saved = model(dict(data))
        keep_the_picture(saved, path="a.ipynb", contents_manager=None)
        assert saved["content"]["cells"][0]["outputs"][0]["data"] == data
    keep_the_picture({"type": "file", "content": "text"}, path="a.md", contents_manager=None)
