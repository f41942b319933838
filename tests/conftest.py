"""What tests of many papers share."""

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A learner's copy, and the test in it: papers go to its `portfolio`."""
    (tmp_path / ".ospolab").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path
