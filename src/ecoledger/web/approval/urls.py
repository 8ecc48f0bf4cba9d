"""Addresses of the approval line's own pages."""

from django.urls import path

from ecoledger.web.approval import agencies, catalogue, filings, permit, reviews

urlpatterns = [
    path("approval/catalogue", catalogue.page, name="approval-catalogue"),
    path("approval/permits/<int:pk>", permit.page, name="one-permit"),
    path("approval/reviews", reviews.page, name="approval-reviews"),
    path("approval/filings", filings.draw, name="filings-draw"),
    path("approval/agencies", agencies.page, name="approval-agencies"),
]
