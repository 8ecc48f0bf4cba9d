"""Addresses of nature's own pages."""

from django.urls import path

from ecoledger.web.nature import biodiversity

urlpatterns = [path("nature/biodiversity", biodiversity.page, name="biodiversity")]
