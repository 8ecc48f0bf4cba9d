"""Addresses of the waste line's own pages."""

from django.urls import path

from ecoledger.web.waste import year

urlpatterns = [path("waste", year.page, name="waste-year")]
