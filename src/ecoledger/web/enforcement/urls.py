"""Addresses of enforcement's own pages; its books have those of every declared list."""

from django.urls import path

from ecoledger.web.enforcement import merging, random_checks

urlpatterns = [
    path("enforcement/draws/<int:pk>", random_checks.sheet_page, name="draw-sheet"),
    path("enforcement/draws/<int:pk>.<slug:kind>", random_checks.sheet_file, name="draw-file"),
    path("enforcement/merging", merging.page, name="merge-visits"),
]
