"""Addresses of enforcement's own pages; its books have those of every declared list."""

from django.urls import path

from ecoledger.web.enforcement import cases, merging, random_checks, records, self_checks

urlpatterns = [
    path("enforcement/draws/<int:pk>", random_checks.sheet_page, name="draw-sheet"),
    path("enforcement/draws/<int:pk>.<slug:kind>", random_checks.sheet_file, name="draw-file"),
    path("public/draws", random_checks.public_list, name="public-draws"),
    path("public/draws/<int:pk>", random_checks.public_page, name="public-draw"),
    path("public/draws/<int:pk>.<slug:kind>", random_checks.public_file, name="public-draw-file"),
    path("enforcement/merging", merging.page, name="merge-visits"),
    path("enforcement/cases/<int:pk>/discretion", cases.discretion, name="discretion"),
    path("enforcement/cases/<int:pk>/book.pdf", cases.book, name="case-book"),
    path("enforcement/reviews/draw", cases.review_draw, name="review-draw"),
    path("enforcement/self-checks/<int:pk>/form", self_checks.form, name="self-check-form"),
    path("enforcement/visits/<int:pk>/checklist", records.checklist, name="visit-checklist"),
    path(
        "enforcement/<slug:key>/<int:pk>/record/<slug:kind>", records.new, name="field-record-new"
    ),
    path("enforcement/records/<int:pk>", records.record, name="field-record"),
    path("enforcement/records/<int:pk>.pdf", records.record_file, name="field-record-file"),
]
