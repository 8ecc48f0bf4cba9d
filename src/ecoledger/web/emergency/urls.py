"""Addresses of the emergency line's own pages."""

from django.urls import path

from ecoledger.web.emergency import health, scene

urlpatterns = [
    path("emergency/command", scene.desk, name="emergency-desk"),
    path("emergency/command/<int:pk>", scene.page, name="emergency-scene"),
    path("emergency/command/<int:pk>/map.geojson", scene.drawn, name="emergency-map"),
    path("emergency/command/<int:pk>/<slug:name>", scene.act, name="emergency-act"),
    path("emergency/health/<int:pk>", health.page, name="emergency-health"),
    path("emergency/health/<int:pk>/map.geojson", health.drawn, name="emergency-health-map"),
    path(
        "emergency/health/<int:pk>/calculate", health.calculate, name="emergency-health-calculate"
    ),
]
