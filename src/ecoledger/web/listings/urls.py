"""Addresses of the pages that every declared list has: /b/ and the list's key."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from ecoledger.web.listings import imports

urlpatterns: list[URLPattern | URLResolver] = [
    path("b/<slug:key>/import", imports.page, name="book-import"),
    path("b/<slug:key>/import/template.xlsx", imports.template, name="book-import-template"),
    path("b/<slug:key>/import/<int:pk>", imports.batch, name="book-import-batch"),
    path("b/<slug:key>/import/<int:pk>/errors.xlsx", imports.errors, name="book-import-errors"),
    path("b/<slug:key>/import/<int:pk>/<str:action>", imports.act, name="book-import-act"),
]
