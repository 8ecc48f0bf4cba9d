"""What is loaded soon after the start is all there."""

from __future__ import annotations

from django.template import engines

from ecoledger.web import warming


def test_every_template_compiles_and_is_kept():
    warming.warm()
    loader = engines["django"].engine.template_loaders[0]
    names = {str(p.relative_to(warming.TEMPLATES)) for p in warming.TEMPLATES.rglob("*.html")}
    assert len(names) > 200
    assert names <= {str(key) for key in loader.get_template_cache}
