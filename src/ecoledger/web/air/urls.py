"""Addresses of the air line's own pages."""

from django.urls import path

from ecoledger.web.air import (
    effect,
    emergency,
    noise,
    patrols,
    rates,
    staggering,
    standing,
    tracing,
    tracks,
    weather,
)

urlpatterns = [
    path("air/weather", weather.page, name="air-weather"),
    path("air/weather/<int:pk>", weather.response, name="air-response"),
    path("air/weather/<int:pk>/chart.json", weather.chart, name="air-response-chart"),
    path("air/weather/<int:pk>/verify", weather.verify, name="air-verify"),
    path("air/staggering", staggering.page, name="air-staggering"),
    path("air/tracing", tracing.page, name="air-tracing"),
    path("air/tracing/chart.json", tracing.chart, name="air-tracing-chart"),
    path("air/tracing/dispatch", tracing.dispatch, name="air-dispatch"),
    path("air/ranking", standing.ranking, name="air-ranking"),
    path("air/capture", rates.capture, name="air-capture"),
    path("air/transmission", rates.transmission, name="air-transmission"),
    path("air/baseline", standing.baseline, name="air-baseline"),
    path("air/noise", noise.page, name="air-noise"),
    path("air/noise/take", noise.take, name="air-noise-take"),
    path("air/lists", emergency.ranks, name="air-lists"),
    path("air/lists/sign/<int:pk>", emergency.sign, name="air-sign"),
    path("air/effect", effect.page, name="air-effect"),
    path("air/patrols", patrols.page, name="air-patrols"),
    path("air/tracks", tracks.page, name="air-tracks"),
    path("air/tracks/<int:pk>", tracks.survey, name="air-track"),
    path("air/tracks/<int:pk>/spots.geojson", tracks.spots, name="air-track-spots"),
    path("air/tracks/<int:pk>/dispatch", tracks.dispatch, name="air-track-dispatch"),
]
