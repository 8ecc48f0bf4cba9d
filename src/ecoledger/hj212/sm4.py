"""Encryption of the edition of 2025 (annexes A.2 and H).

SM4 in ECB mode over the CP area's whole 16-byte blocks; a shorter remainder stays plain; length and check
code are those of the plain packet. Whether the wire carries raw bytes or the ``{0xE4,0x3E,...}`` text
that the standard prints is not settled: both are read, either can be written.
"""

from __future__ import annotations

import base64
import re
from typing import Literal

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

Form = Literal["raw", "text"]
"""How cipher text is written: its bytes, or ``{0xE4,0x3E,...}``."""

_BLOCK = 16
_WRITTEN = re.compile(
    rb"\{\s*(0x[0-9A-Fa-f]{1,2}(?:\s*,\s*0x[0-9A-Fa-f]{1,2})*)\s*,?\s*\}", re.ASCII
)


def _cipher(key: bytes) -> Cipher[modes.ECB]:
    if len(key) != _BLOCK:
        raise ValueError(f"an SM4 key has 16 bytes, this one {len(key)}")
    return Cipher(SM4(key), modes.ECB())  # noqa: S305 - the mode the standard prescribes


def encrypt(content: bytes, key: bytes) -> bytes:
    """Cipher text of a CP area: whole blocks encrypted, the remainder as it is."""
    whole = len(content) // _BLOCK * _BLOCK
    encryptor = _cipher(key).encryptor()
    return encryptor.update(content[:whole]) + encryptor.finalize() + content[whole:]


def decrypt(content: bytes, key: bytes) -> bytes:
    """The inverse of :func:`encrypt`."""
    whole = len(content) // _BLOCK * _BLOCK
    decryptor = _cipher(key).decryptor()
    return decryptor.update(content[:whole]) + decryptor.finalize() + content[whole:]


def wire_content(content: bytes) -> bytes:
    """The cipher text behind either written form, as bytes."""
    written = _WRITTEN.match(content)
    if written is None:
        return content
    octets = bytes(int(part, 16) for part in written[1].split(b","))
    return octets + content[written.end() :]


def seal_content(content: bytes, key: bytes, form: Form = "raw") -> bytes:
    """A CP area encrypted and written in the form asked for."""
    sealed = encrypt(content, key)
    whole = len(content) // _BLOCK * _BLOCK
    if form == "raw" or not whole:
        return sealed
    written = ",".join(f"0x{byte:02X}" for byte in sealed[:whole])
    return b"{%b}%b" % (written.encode(), sealed[whole:])


def open_content(content: bytes, key: bytes) -> bytes:
    """The plain CP area behind either written form. Whether the key was right, the check code tells."""
    return decrypt(wire_content(content), key)


def authorization(user: str, password: str, key: bytes) -> str:
    """The Authorization header of annex H: Base64 of SM4-ECB with PKCS#7 padding of ``user:password``."""
    padder = padding.PKCS7(_BLOCK * 8).padder()
    padded = padder.update(f"{user}:{password}".encode()) + padder.finalize()
    return base64.b64encode(encrypt(padded, key)).decode()


def credentials(header: str, key: bytes) -> tuple[str, str]:
    """User and password of an Authorization header of annex H.

    Raises ``ValueError`` when the header was not made with this key.
    """
    try:
        padded = decrypt(base64.b64decode(header, validate=True), key)
        unpadder = padding.PKCS7(_BLOCK * 8).unpadder()
        text = (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError as error:
        raise ValueError("the Authorization header was not made with this key") from error
    user, colon, password = text.partition(":")
    if not colon:
        raise ValueError("the Authorization header holds no user:password")
    return user, password
