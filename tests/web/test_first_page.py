"""The first page is light: what a browser fetches before it can be read, compressed."""

from __future__ import annotations

import gzip
import re

import pytest
from tests.browser import opened

from ecoledger.web.templatetags.frontend import MANIFEST, _entry

MOST = 130_000


@pytest.mark.parametrize("address", ["/", "/my-work", "/lines/monitoring"])
def test_the_first_page_weighs_little(county, signed_in, address):
    page = signed_in("leader").get(address).content
    dist = MANIFEST.parent
    entry = _entry("base")
    assert entry is not None
    files = [entry["file"], *entry["css"]]
    weights = [len(gzip.compress(page, 9))]
    weights += [len(gzip.compress((dist / name).read_bytes(), 9)) for name in files]
    assert sum(weights) <= MOST
    # Nothing else is fetched before the page can be read: charts and maps come when a page has them.
    linked = re.findall(r'(?:src|href)="[^"]*/dist/([^"]+)"', page.decode())
    assert sorted(linked) == sorted(files)


def test_a_button_in_a_row_is_read_on_its_ground():
    """Its words are white on the colour of its ground, not in the colour of the text around it."""
    css = "".join((MANIFEST.parent / name).read_text("utf-8") for name in _entry("base")["css"])
    row = '<ul class="rows"><li><a class="btn btn-primary" href="#">导入</a></li></ul>'
    with opened() as browser:
        page = browser.new_page()
        page.set_content(f"<style>{css}</style>{row}")
        assert page.locator("a").evaluate("a => getComputedStyle(a).color") == "rgb(255, 255, 255)"


def test_a_page_loads_only_the_kind_of_chart_it_draws():
    import json

    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    start = manifest["src/charts/start.ts"]
    assert set(start["dynamicImports"]) == {
        f"src/charts/{kind}.ts" for kind in ("lines", "calendar", "bars", "rose")
    }
    assert "src/map.ts" in manifest["src/base.ts"]["dynamicImports"]
