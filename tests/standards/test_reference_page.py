"""The reference page names every rule set and renders the same every time."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from ecoledger.standards import catalogue

SCRIPT = Path(__file__).parents[2] / "scripts" / "standards_reference.py"


def test_page_is_complete_and_deterministic():
    spec = importlib.util.spec_from_file_location("standards_reference", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = script.render()
    assert page == script.render()
    for name in catalogue.rule_sets():
        assert f"### `{name}`" in page
        for edition in catalogue.editions(name):
            assert edition.standard in page
    assert "| HJ 633-2026 | 环境空气质量指数（AQI）技术规定 | 4.2–4.3" in page


def test_the_page_in_the_tree_is_the_one_the_code_writes():
    checked = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
