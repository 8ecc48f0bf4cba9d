"""Addresses of the work engine's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from ecoledger.web import matters, matters_import

urlpatterns: list[URLPattern | URLResolver] = [
    path("my-work", matters.my_work, name="my-work"),
    path("my-work/list", matters.my_work_part, name="my-work-part"),
    path("evidence/<int:pk>", matters.evidence_file, name="evidence"),
    path("matters/<slug:key>", matters.listing_page, name="matter-list"),
    path("matters/<slug:key>/new", matters.new, name="matter-new"),
    path("matters/<slug:key>/export.xlsx", matters.export, name="matter-export"),
    path("matters/<slug:key>/map.geojson", matters.geojson, name="matter-geojson"),
    path("matters/<slug:key>/statistics", matters.statistics_page, name="matter-statistics"),
    path("matters/<slug:key>/batch", matters.batch, name="matter-batch"),
    path("matters/<slug:key>/batch/<int:pk>/undo", matters.batch_undo, name="matter-batch-undo"),
    path("matters/<slug:key>/draw", matters.draw, name="matter-draw"),
    path("matters/<slug:key>/import", matters_import.page, name="matter-import"),
    path(
        "matters/<slug:key>/import/template.xlsx",
        matters_import.template,
        name="matter-import-template",
    ),
    path("matters/<slug:key>/import/<int:pk>", matters_import.batch, name="matter-import-batch"),
    path(
        "matters/<slug:key>/import/<int:pk>/errors.xlsx",
        matters_import.errors,
        name="matter-import-errors",
    ),
    path(
        "matters/<slug:key>/import/<int:pk>/<str:action>",
        matters_import.act,
        name="matter-import-act",
    ),
    path("matters/<slug:key>/<int:pk>", matters.detail, name="matter"),
    path("matters/<slug:key>/<int:pk>/timeline", matters.timeline_part, name="matter-timeline"),
    path("matters/<slug:key>/<int:pk>/do/<slug:name>", matters.act, name="matter-act"),
    path("matters/<slug:key>/<int:pk>/note", matters.note, name="matter-note"),
    path("matters/<slug:key>/<int:pk>/evidence", matters.attach, name="matter-attach"),
    path("matters/<slug:key>/<int:pk>/assign", matters.assign, name="matter-assign"),
    path("matters/<slug:key>/<int:pk>/clocks", matters.clocks_action, name="matter-clocks"),
    path("matters/<slug:key>/<int:pk>/unmerge", matters.unmerge, name="matter-unmerge"),
]
