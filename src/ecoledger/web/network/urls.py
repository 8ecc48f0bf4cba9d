"""Addresses of the pages of exchanges."""

from django.urls import path

from ecoledger.web.network import exchanges

urlpatterns = [
    path("exchanges", exchanges.page, name="exchanges"),
    path("exchanges/<slug:key>/send", exchanges.send, name="exchange-send"),
    path("exchanges/<slug:key>/receive", exchanges.receive, name="exchange-receive"),
    path("exchanges/<int:pk>/file", exchanges.file, name="exchange-file"),
]
