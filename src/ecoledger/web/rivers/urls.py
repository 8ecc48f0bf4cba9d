"""Addresses of the pages of rivers, sea and sources."""

from django.urls import path

from ecoledger.web.rivers import (
    boundaries,
    compensation,
    flood,
    green,
    helping,
    outlets,
    sea,
    sources,
    trace,
    upstream,
)

urlpatterns = [
    path("water/boundaries", boundaries.page, name="water-boundaries"),
    path("water/compensation", compensation.page, name="water-compensation"),
    path("water/flood/<int:pk>", flood.page, name="water-flood"),
    path("water/green", green.page, name="water-green"),
    path("water/help", helping.page, name="water-help"),
    path("water/outlets", outlets.page, name="water-outlets"),
    path("water/sea", sea.page, name="water-sea"),
    path("water/sources", sources.page, name="water-sources"),
    path("water/traces/<int:pk>", trace.page, name="water-trace"),
    path("water/traces/<int:pk>/suspect", trace.suspect, name="water-trace-suspect"),
    path("water/upstream", upstream.page, name="water-upstream"),
]
