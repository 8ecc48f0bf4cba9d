"""The first page is light: what a browser fetches before it can be read, compressed."""

from __future__ import annotations

import gzip
import re

import pytest

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


def test_a_page_loads_only_the_kind_of_chart_it_draws():
    import json

    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    start = manifest["src/charts/start.ts"]
    assert set(start["dynamicImports"]) == {
        f"src/charts/{kind}.ts" for kind in ("lines", "calendar", "bars", "rose")
    }
    assert "src/map.ts" in manifest["src/base.ts"]["dynamicImports"]
