"""Addresses of the work engine's pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from ecoledger.web.matters import (
    book,
    by_hand,
    contact,
    detail,
    evidence,
    in_hand,
    lines,
    lists,
    many,
    my_work,
    opening,
    statistics_pages,
    steps,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("my-work", my_work.page, name="my-work"),
    path("my-work/list", my_work.part, name="my-work-part"),
    path("my-work/in-hand", in_hand.page, name="in-hand"),
    path("my-work/in-hand/urge", in_hand.urge, name="in-hand-urge"),
    path("evidence/<int:pk>", evidence.evidence_file, name="evidence"),
    path("matters/<slug:key>", lists.listing_page, name="matter-list"),
    path("matters/<slug:key>/new", opening.new, name="matter-new"),
    path("matters/<slug:key>/like", opening.like, name="matter-like"),
    path("matters/<slug:key>/export.xlsx", lists.export, name="matter-export"),
    path("matters/<slug:key>/map.geojson", lists.geojson, name="matter-geojson"),
    path(
        "matters/<slug:key>/statistics", statistics_pages.statistics_page, name="matter-statistics"
    ),
    path(
        "matters/<slug:key>/statistics/figures",
        statistics_pages.figures_part,
        name="matter-figures",
    ),
    path(
        "matters/<slug:key>/statistics/stages",
        statistics_pages.durations_part,
        name="matter-durations",
    ),
    path("matters/<slug:key>/many", many.page, name="matter-many"),
    path("matters/<slug:key>/many/<slug:name>", many.do, name="matter-many-do"),
    path("matters/<slug:key>/urge", many.urge, name="matter-urge"),
    path("matters/<slug:key>/batch", lists.batch, name="matter-batch"),
    path("matters/<slug:key>/batch/<int:pk>/undo", lists.batch_undo, name="matter-batch-undo"),
    path("matters/<slug:key>/draw", lists.draw, name="matter-draw"),
    path("matters/<slug:key>/<int:pk>", detail.detail, name="matter"),
    path("matters/<slug:key>/<int:pk>/lines/<slug:name>", lines.edit, name="matter-lines"),
    path("matters/<slug:key>/<int:pk>/book.pdf", book.book, name="matter-book"),
    path("matters/<slug:key>/<int:pk>/timeline", detail.timeline_part, name="matter-timeline"),
    path("matters/<slug:key>/<int:pk>/do/<slug:name>", steps.act, name="matter-act"),
    path("matters/<slug:key>/<int:pk>/note", by_hand.note, name="matter-note"),
    path("matters/<slug:key>/<int:pk>/evidence", by_hand.attach, name="matter-attach"),
    path("matters/<slug:key>/<int:pk>/contact", contact.page, name="matter-contact"),
    path("matters/<slug:key>/<int:pk>/assign", by_hand.assign, name="matter-assign"),
    path("matters/<slug:key>/<int:pk>/clocks", by_hand.clocks_action, name="matter-clocks"),
    path("matters/<slug:key>/<int:pk>/bundle", by_hand.bundle, name="matter-bundle"),
    path("matters/<slug:key>/<int:pk>/unmerge", by_hand.unmerge, name="matter-unmerge"),
]
