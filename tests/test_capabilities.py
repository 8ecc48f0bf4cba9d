"""The page of capabilities is the one that the table and the stories give."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "capabilities.py"


@pytest.fixture
def capabilities(monkeypatch):
    spec = importlib.util.spec_from_file_location("capabilities", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "capabilities", module)
    spec.loader.exec_module(module)
    return module


def test_the_page_in_the_tree_is_the_one_written_now():
    checked = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_every_mechanism_is_listed_once(capabilities):
    codes = [row.code for row in capabilities.mechanisms()]
    assert len(codes) == 141
    assert len(set(codes)) == 141
    page = capabilities.render()
    assert all(f"\n| {code} | " in page for code in codes)


def test_a_story_carries_one_known_code(capabilities, tmp_path, monkeypatch):
    monkeypatch.setattr(capabilities, "STORIES", tmp_path)
    monkeypatch.setattr(capabilities, "ROOT", tmp_path)
    story = tmp_path / "test_ledger.py"
    story.write_text('@pytest.mark.story("T5", "T6")\ndef test_two():\n    """Two."""\n')
    with pytest.raises(ValueError, match="carries 2 codes"):
        capabilities.stories()
    story.write_text('@pytest.mark.story("X9")\ndef test_unknown():\n    """Unknown."""\n')
    with pytest.raises(ValueError, match="X9"):
        capabilities.render()
    story.write_text('@pytest.mark.story("T5")\ndef test_one():\n    """A problem is closed."""\n')
    assert "A problem is closed. `test_ledger.py::test_one`" in capabilities.render()
