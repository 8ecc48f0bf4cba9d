"""The sealed paper of an issued document: its scan beside the files, its hash on the audit trail."""

from __future__ import annotations

import hashlib

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.listings.refusals import Refused
from ecoledger.reports.declaration import document_of
from ecoledger.reports.models import IssuedDocument, SealedScan
from ecoledger.reports.opening import AlteredError

# Beginning of a file -> its ending and type.
KINDS = {
    b"%PDF": ("pdf", "application/pdf"),
    b"\x89PNG": ("png", "image/png"),
    b"\xff\xd8\xff": ("jpg", "image/jpeg"),
}
MOST_BYTES = 50 << 20


def kind_of(content: bytes) -> tuple[str, str] | None:
    """Ending and type by what a file begins with."""
    return next((kind for begin, kind in KINDS.items() if content.startswith(begin)), None)


@transaction.atomic
def add(document: IssuedDocument, name: str, content: bytes, *, by: Person) -> SealedScan:
    """Keep a scan. Raises :class:`Refused` for what is no scan, is too large, or is there already."""
    if not by.may(document_of(document.kind).capability):
        raise Refused("role", _("您的岗位不能办这一步。"))
    kind = kind_of(content)
    if kind is None or len(content) > MOST_BYTES:
        raise Refused("form", _("扫描件应为 50 MB 以内的 PDF、PNG 或 JPG。"))
    digest = hashlib.sha256(content).hexdigest()
    if document.scans.filter(sha256=digest).exists():
        raise Refused("form", _("这份扫描件已经附上。"))
    scan = SealedScan(document=document, name=name[:200], sha256=digest, added_by=by)
    scan.file.save(f"scan-{document.pk}-{digest[:12]}.{kind[0]}", ContentFile(content), save=False)
    scan.save()
    audit.record(by, "附盖章扫描件", document, details={"name": scan.name, "sha256": digest})
    return scan


def content_of(scan: SealedScan) -> tuple[bytes, str]:
    """The file and its type. Raises :class:`AlteredError` when it is not what was kept."""
    try:
        with scan.file.open("rb") as file:
            content = bytes(file.read())
    except OSError as wrong:
        raise AlteredError(f"{scan.document.number} 的扫描件不在数据文件夹中") from wrong
    kind = kind_of(content)
    if kind is None or hashlib.sha256(content).hexdigest() != scan.sha256:
        raise AlteredError(f"{scan.document.number} 的扫描件与上传时不一致")
    return content, kind[1]
