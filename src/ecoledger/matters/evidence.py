"""Files that prove something: checked, stored under their SHA-256, never served by path.

The type is told by the file's first bytes, not by its name, and the two must agree.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings import pixels
from ecoledger.matters.models import Evidence, Matter
from ecoledger.matters.profile import profile

# A picture says its size here, after what a camera wrote of itself.
_HEAD = 1 << 20

# Content type, file name endings, and where in the file which bytes stand.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES: tuple[tuple[str, tuple[str, ...], int, bytes], ...] = (
    ("image/jpeg", (".jpg", ".jpeg"), 0, b"\xff\xd8\xff"),
    ("image/png", (".png",), 0, b"\x89PNG\r\n\x1a\n"),
    ("image/webp", (".webp",), 8, b"WEBP"),
    ("image/heic", (".heic", ".heif"), 4, b"ftyp"),
    ("video/mp4", (".mp4", ".m4v", ".mov"), 4, b"ftyp"),
    ("application/pdf", (".pdf",), 0, b"%PDF-"),
    (f"{_OFFICE}.wordprocessingml.document", (".docx",), 0, _ZIP),
    (f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",), 0, _ZIP),
    ("application/msword", (".doc", ".wps"), 0, _OLE),
    ("application/vnd.ms-excel", (".xls", ".et"), 0, _OLE),
    ("application/ofd", (".ofd",), 0, _ZIP),
    ("application/zip", (".zip",), 0, _ZIP),
)
# Shown in the browser; everything else is only offered for saving.
INLINE = frozenset({"image/jpeg", "image/png", "image/webp", "application/pdf", "video/mp4"})
_TEXT = (".txt", ".csv")


class BadFile(ValueError):  # noqa: N818 - said to the uploader, not a programming error
    """The file cannot be taken; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrives, with what the device says of place and time."""

    file: UploadedFile[Any]
    caption: str = ""
    lon: float | None = None
    lat: float | None = None
    device_time: datetime | None = None


def content_type(name: str, head: bytes) -> str:
    """The type of a file called ``name`` that begins with ``head``. Raises :class:`BadFile`."""
    ending = Path(name).suffix.lower()
    if ending in _TEXT:
        if b"\x00" in head:
            raise BadFile(_("“%(name)s”不是文本文件。") % {"name": name})
        return "text/plain"
    for kind, endings, offset, signature in TYPES:
        if ending in endings:
            if head[offset : offset + len(signature)] == signature:
                return kind
            raise BadFile(_("“%(name)s”的内容与扩展名不符，请用原文件重新上传。") % {"name": name})
    raise BadFile(
        _("“%(name)s”的类型不在允许之列，可上传：%(endings)s。")
        % {
            "name": name,
            "endings": "、".join(e[1:] for _k, es, _o, _s in TYPES for e in es) + "、txt、csv",
        }
    )


def path_of(sha256: str) -> Path:
    """Where the file with this hash is kept."""
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is kept: its name as it came, its size, its type, the hash it lies under."""

    name: str
    size: int
    content_type: str
    sha256: str


def keep(file: UploadedFile[Any]) -> Kept:
    """Check a file and keep it. Raises :class:`BadFile`."""
    name = Path(file.name or "file").name[:200]
    limit = profile().max_evidence_bytes
    if not file.size:
        raise BadFile(_("“%(name)s”是空文件。") % {"name": name})
    if file.size > limit:
        raise BadFile(
            _("“%(name)s”有 %(size).1f MB，超过 %(limit)d MB 的上限，请压缩后再传。")
            % {"name": name, "size": file.size / 2**20, "limit": limit // 2**20}
        )
    file.seek(0)
    head = file.read(_HEAD)
    kind = content_type(name, head[:64])
    if kind.startswith("image/") and (pixels.points(head) or 0) > pixels.MOST_KEPT:
        raise BadFile(_("“%(name)s”的像素太多，打不开，请缩小后再传。") % {"name": name})
    file.seek(0)
    return Kept(name, file.size, kind, _keep(file))


def stored(
    upload: Upload,
    *,
    matter: Matter,
    by: Person | None,
    at: datetime,
    openly: Callable[[str], str] = str,
) -> Evidence:
    """Check and keep a file, and write its row. Raises :class:`BadFile`.

    ``openly``: a text of the matter as everybody may read it, for its name and caption.
    """
    kept = keep(upload.file)
    return Evidence.objects.create(
        matter=matter,
        sha256=kept.sha256,
        name=openly(kept.name)[:200],
        size=kept.size,
        content_type=kept.content_type,
        uploaded_by=by,
        uploaded_at=at,
        caption=openly(upload.caption)[:200],
        lon=upload.lon,
        lat=upload.lat,
        device_time=upload.device_time,
    )


def _keep(file: UploadedFile[Any]) -> str:
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=root, delete=False) as out:
        try:
            for chunk in file.chunks():
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        except BaseException:
            Path(out.name).unlink(missing_ok=True)
            raise
    final = path_of(digest.hexdigest())
    final.parent.mkdir(exist_ok=True)
    Path(out.name).replace(final)
    return digest.hexdigest()


class HasHash(Protocol):
    """A row of a file that is kept."""

    @property
    def sha256(self) -> str: ...


def opened(evidence: HasHash) -> BinaryIO:
    """The file for reading. The caller has checked that the person may see the matter."""
    return path_of(evidence.sha256).open("rb")


def intact(evidence: HasHash) -> bool:
    """Whether the file is there and still has the hash it was stored under."""
    path = path_of(evidence.sha256)
    if not path.exists():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == evidence.sha256
