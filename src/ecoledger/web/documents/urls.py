"""Addresses of documents: drafts, issued ones, templates of letters."""

from __future__ import annotations

from django.urls import path

from ecoledger.web.documents import compensation, drafts, issued, summaries, templates

urlpatterns = [
    path("documents", issued.page, name="documents"),
    path("documents/<int:pk>", issued.one, name="document"),
    path("documents/<int:pk>.<str:ending>", issued.file, name="document-file"),
    path("documents/<int:pk>/reissue", issued.reissue, name="document-reissue"),
    path("documents/<int:pk>/scans", issued.add_scan, name="document-scan-add"),
    path("documents/<int:pk>/scans/<int:number>", issued.scan, name="document-scan"),
    path("documents/<int:pk>/reply", issued.reply, name="document-reply"),
    path("documents/<int:pk>/sign", issued.sign, name="document-sign"),
    path("documents/compensation", compensation.page, name="compensation-rule"),
    path("documents/summaries", summaries.begin, name="summary-begin"),
    path("documents/begin/<slug:kind>/<int:matter>", drafts.begin, name="draft-begin"),
    path("documents/drafts/<int:pk>", drafts.page, name="draft"),
    path("documents/drafts/<int:pk>/preview.<str:ending>", drafts.preview, name="draft-preview"),
    path("documents/drafts/<int:pk>/<slug:step>", drafts.take_step, name="draft-step"),
    path("documents/templates/<slug:kind>", templates.page, name="letter-template"),
    path("documents/templates/<slug:kind>.docx", templates.current, name="letter-template-file"),
]
