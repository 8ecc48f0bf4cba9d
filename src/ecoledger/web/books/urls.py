"""Addresses of the books' own pages."""

from django.urls import path

from ecoledger.web.books import account, begetting, campaign, duty, roster, score_sheet

urlpatterns = [
    path("b/<slug:key>/editions", roster.editions, name="editions"),
    path("b/<slug:key>/editions/new", roster.draft, name="edition-new"),
    path("b/<slug:key>/editions/<int:pk>", roster.edition, name="edition"),
    path("b/<slug:key>/holdings", account.holdings, name="holdings"),
    path("b/<slug:key>/holdings/<int:pk>", account.statement, name="statement"),
    path("b/<slug:key>/holdings/<int:pk>/post", account.post, name="posting-new"),
    path("b/<slug:key>/postings/<int:pk>/reverse", account.reverse, name="posting-reverse"),
    path("b/<slug:key>/drives/<int:pk>", campaign.board, name="board"),
    path("b/<slug:key>/drives/<int:pk>/objects", campaign.choose, name="drive-objects"),
    path("b/<slug:key>/drives/<int:pk>/move", campaign.move, name="drive-move"),
    path("b/<slug:key>/drives/<int:pk>/tasks/<int:task>", campaign.visit, name="drive-visit"),
    path("checklists", campaign.checklist_versions, name="checklists"),
    path("b/<slug:key>/<int:pk>/beget", begetting.beget, name="log-beget"),
    path("b/<slug:key>/calendar", duty.calendar, name="duty-calendar"),
    path("b/<slug:key>/obligations/<int:pk>", duty.settle, name="obligation"),
    path("b/<slug:key>/rounds/<int:pk>", score_sheet.round_page, name="score-round"),
    path("b/<slug:key>/rounds/<int:pk>/act", score_sheet.act, name="score-act"),
    path("b/<slug:key>/rounds/<int:pk>/scores/<int:score>", score_sheet.score_page, name="score"),
    path(
        "b/<slug:key>/rounds/<int:pk>/scores/<int:score>/mark", score_sheet.mark, name="score-mark"
    ),
]
