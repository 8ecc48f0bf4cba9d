"""Every page's address. One module a page; the work engine's pages are in ``urls_matters``."""

from __future__ import annotations

from django.urls import include, path

from ecoledger.web import cockpit, errors, session

handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed

urlpatterns = [
    path("", cockpit.page, name="cockpit"),
    path("sign-in", session.sign_in_page, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("language", session.language, name="language"),
    path("account", session.account, name="account"),
    path("", include("ecoledger.web.urls_matters")),
]
