"""Every page's address. One module a page; the work engine's pages are in ``web.matters.urls``."""

from __future__ import annotations

from django.urls import include, path

from ecoledger.web import errors, live
from ecoledger.web.entities import enterprises, registering
from ecoledger.web.figures import bulletins, records
from ecoledger.web.monitoring import (
    alarms,
    catalogue,
    devices,
    filings,
    imports,
    quarantine,
    rules,
    station,
    stations,
)
from ecoledger.web.office import notices, operate, people, routing, session
from ecoledger.web.scenes import cockpit, one_map

handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed

urlpatterns = [
    path("", cockpit.page, name="cockpit"),
    path("cockpit/<str:name>", cockpit.part, name="cockpit-part"),
    path("map", one_map.page, name="map"),
    path("map.geojson", one_map.features, name="map-features"),
    path("stations", stations.page, name="stations"),
    path("stations.xlsx", stations.export, name="stations-export"),
    path("stations/<int:pk>", station.page, name="station"),
    path("stations/<int:pk>/series.json", station.series, name="station-series"),
    path("stations/<int:pk>/calendar.json", station.calendar, name="station-calendar"),
    path("stations/<int:pk>/device", devices.page, name="device"),
    path("stations/<int:pk>/value", station.value, name="value"),
    path("stations/<int:pk>/value/correct", station.correct, name="correct"),
    path("alarms", alarms.page, name="alarms"),
    path("alarms.xlsx", alarms.export, name="alarms-export"),
    path("alarms/<int:pk>", alarms.alarm, name="alarm"),
    path("alarms/<int:pk>/series.json", alarms.series, name="alarm-series"),
    path("filings", filings.page, name="filings"),
    path("filings.xlsx", filings.export, name="filings-export"),
    path("filings/new", filings.new, name="filing-new"),
    path("filings/<int:pk>/withdraw", filings.withdraw, name="filing-withdraw"),
    path("enterprises", enterprises.page, name="enterprises"),
    path("enterprises.xlsx", enterprises.export, name="enterprises-export"),
    path("enterprises/<int:pk>", enterprises.enterprise, name="enterprise"),
    path("catalogue", catalogue.page, name="catalogue"),
    path("catalogue.xlsx", catalogue.export, name="catalogue-export"),
    path("import", imports.page, name="import"),
    path("import/preview", imports.preview, name="import-preview"),
    path("import/store", imports.store, name="import-store"),
    path("import/<int:pk>/undo", imports.undo, name="import-undo"),
    path("quarantine", quarantine.page, name="quarantine"),
    path("quarantine.xlsx", quarantine.export, name="quarantine-export"),
    path("quarantine/replay", quarantine.replay, name="replay"),
    path("frames/<int:frame_id>", quarantine.frame, name="frame"),
    path("bulletins", bulletins.page, name="bulletins"),
    path("bulletins/choose", bulletins.choose, name="bulletin-choose"),
    path("bulletins/file/<int:pk>.<str:ending>", bulletins.download, name="bulletin-file"),
    path("bulletins/<str:kind>/<str:period>", bulletins.read, name="bulletin"),
    path("bulletins/<str:kind>/<str:period>/chart.json", bulletins.chart, name="bulletin-chart"),
    path("bulletins/<str:kind>/<str:period>/issue", bulletins.make, name="bulletin-issue"),
    path("records/<str:kind>", records.page, name="records"),
    path("registry/points/new", registering.point_new, name="point-new"),
    path("registry/points/<int:pk>", registering.point_edit, name="point-edit"),
    path("registry/points/<int:pk>/replay", registering.replay, name="point-replay"),
    path("registry/enterprises/new", registering.enterprise, name="enterprise-new"),
    path("registry/enterprises/<int:pk>", registering.enterprise, name="enterprise-edit"),
    path("registry/enterprises/<int:owner>/outlets/new", registering.outlet, name="outlet-new"),
    path("registry/outlets/<int:pk>", registering.outlet, name="outlet-edit"),
    path("registry/stations/new", registering.station, name="station-new"),
    path("registry/stations/<int:pk>", registering.station, name="station-edit"),
    path("rules", rules.page, name="rules"),
    path("rules/<int:pk>", rules.edit, name="rule"),
    path("routing", routing.page, name="routing"),
    path("routing/new", routing.edit, name="routing-new"),
    path("routing/<int:pk>", routing.edit, name="routing-rule"),
    path("routing/<int:pk>/delete", routing.delete, name="routing-delete"),
    path("people", people.page, name="people"),
    path("people/new", people.person, name="person-new"),
    path("people/<int:pk>", people.person, name="person"),
    path("audit", people.trail, name="audit"),
    path("notices", notices.page, name="notices"),
    path("notices/bell", notices.bell, name="bell"),
    path("notices/read", notices.all_read, name="notices-read"),
    path("notices/<int:pk>", notices.opened, name="notice"),
    path("live", live.stream, name="live"),
    path("health", operate.health, name="health"),
    path("metrics", operate.metrics, name="metrics"),
    path("sign-in", session.sign_in_page, name="sign-in"),
    path("sign-out", session.sign_out, name="sign-out"),
    path("language", session.language, name="language"),
    path("account", session.account, name="account"),
    path("account/keys", session.make_key, name="key-make"),
    path("account/keys/<int:pk>/revoke", session.revoke_key, name="key-revoke"),
    path("", include("ecoledger.web.matters.urls")),
]
