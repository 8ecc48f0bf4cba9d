"""The root of all addresses: the JSON interface under ``/api/v1/``, everything else is a page."""

from django.urls import include, path

from ecoledger.api.interface import urls as api_urls
from ecoledger.web import errors

handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed

urlpatterns = [
    path("api/v1/", api_urls),
    path("", include("ecoledger.web.urls")),
]
