"""Addresses of the pages of creation projects."""

from django.urls import path

from ecoledger.web.creation import library

urlpatterns = [
    path("creation/<int:pk>", library.page, name="creation-library"),
    path("creation/<int:pk>/prove", library.prove, name="creation-prove"),
]
