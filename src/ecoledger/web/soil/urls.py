"""Addresses of the soil line's own pages."""

from django.urls import path

from ecoledger.web.soil import well_grid, years

urlpatterns = [
    path("soil/groundwater", years.groundwater, name="soil-groundwater"),
    path("soil/farmland", years.land, name="soil-farmland"),
    path("soil/grid", well_grid.page, name="soil-grid"),
    path("soil/grid/lines.geojson", well_grid.lines, name="soil-grid-lines"),
]
