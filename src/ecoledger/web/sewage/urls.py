"""Addresses of the pages about sewage."""

from django.urls import path

from ecoledger.web.sewage import balance, plants

urlpatterns = [
    path("water/balance", balance.page, name="sewage-balance"),
    path("water/plants", plants.page, name="sewage-plants"),
    path("water/plants/<int:pk>", plants.plant, name="sewage-plant"),
    path("water/plants/<int:pk>/chart.json", plants.chart, name="sewage-plant-chart"),
    path("water/plants/<int:pk>/draw-up", plants.draw_up, name="sewage-plant-draw-up"),
]
