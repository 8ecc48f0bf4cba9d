"""Addresses of the pages that every declared list has: /b/ and the list's key."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from ecoledger.web.listings import imports, lookup, own_tables, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("lookup/<path:key>", lookup.rows, name="lookup"),
    path("b/<slug:key>", pages.page, name="book"),
    path("b/<slug:key>/new", pages.new, name="book-new"),
    path("b/<slug:key>/export.xlsx", pages.export, name="book-export"),
    path("b/<slug:key>/map.geojson", pages.geojson, name="book-map"),
    path("b/<slug:key>/taste", pages.taste, name="book-taste"),
    path("b/<slug:key>/views", pages.save_view, name="book-views"),
    path("b/<slug:key>/items", own_tables.page, name="book-items"),
    path("b/<slug:key>/batch", pages.batch, name="book-batch"),
    path("b/<slug:key>/<int:pk>", pages.row, name="book-row"),
    path("b/<slug:key>/<int:pk>/edit", pages.edit, name="book-edit"),
    path("b/<slug:key>/import", imports.page, name="book-import"),
    path("b/<slug:key>/import/template.xlsx", imports.template, name="book-import-template"),
    path("b/<slug:key>/import/<int:pk>", imports.batch, name="book-import-batch"),
    path("b/<slug:key>/import/<int:pk>/errors.xlsx", imports.errors, name="book-import-errors"),
    path("b/<slug:key>/import/<int:pk>/<str:action>", imports.act, name="book-import-act"),
]
