"""A file encrypted and authenticated with the operator's key, in pieces, so that it need not fit into memory.

AES-256-GCM; each piece is bound to its place and the last one says that it is the last, so that nothing can be
changed, left out, put in or cut off. The key is 64 hexadecimal digits in a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"ECOLEDGER-SEALED-1\n"
_PIECE = 1 << 20


class SealError(ValueError):
    """The file was changed or cut off, or the key is another; the text says so."""


def key_of(path: Path) -> bytes:
    """The key in a file. Raises :class:`SealError` for what is none."""
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise SealError(f"{path} 中没有密钥：应为 64 位十六进制数") from error
    if len(key) != 32:
        raise SealError(f"{path} 中的密钥应为 64 位十六进制数（32 字节）")
    return key


def is_sealed(path: Path) -> bool:
    """Whether a file was written by :func:`seal`."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _pieces(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    piece = file.read(size)
    while True:
        following = file.read(size)
        yield piece, not following
        if not following:
            return
        piece = following


def seal(source: Path, target: Path, key: bytes) -> None:
    """Write ``source`` encrypted to ``target``."""
    cipher, prefix = AESGCM(key), os.urandom(4)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as plain, os.fdopen(descriptor, "wb") as out:
        out.write(MAGIC + prefix)
        for number, (piece, last) in enumerate(_pieces(plain, _PIECE)):
            nonce = prefix + number.to_bytes(8, "big")
            out.write(cipher.encrypt(nonce, piece, MAGIC + bytes([last])))
        out.flush()
        os.fsync(out.fileno())


def unseal(source: Path, target: Path, key: bytes) -> None:
    """Write what was sealed to ``target``. Raises :class:`SealError`; ``target`` is then not to be used."""
    cipher = AESGCM(key)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as sealed, os.fdopen(descriptor, "wb") as out:
        if sealed.read(len(MAGIC)) != MAGIC:
            raise SealError(f"{source} 不是加密的备份文件")
        prefix = sealed.read(4)
        for number, (piece, last) in enumerate(_pieces(sealed, _PIECE + 16)):
            nonce = prefix + number.to_bytes(8, "big")
            try:
                out.write(cipher.decrypt(nonce, piece, MAGIC + bytes([last])))
            except InvalidTag as error:
                raise SealError(f"{source} 已损坏、被改动，或密钥不对") from error
