"""Serving HTTPS without a proxy: the operator's certificate and key, looked at before anything starts."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509

_SOON = 21  # days before its end at which a certificate is spoken of


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate file and its key, both in PEM."""

    path: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server listens with: TLS 1.2 and later."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.path, self.key)
        return context


def chosen(certificate: Path | None, key: Path | None) -> Certificate | None:
    """The operator's certificate, checked; the process is told that it serves HTTPS and under which names.

    The names are the certificate's own unless ``ECOLEDGER_HOSTS`` says others. Raises ``click.ClickException``.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise click.UsageError("--certificate 和 --key 要一起给出")
    pair = Certificate(certificate, key)
    try:
        pair.context()
        end, names = _read(certificate)
    except (OSError, ValueError) as error:
        raise click.ClickException(
            f"证书或私钥不能使用：{error}。请给出 PEM 格式、互相对应的证书（含中间证书）和不带口令的私钥。"
        ) from error
    left = (end - datetime.now(UTC)).days
    if left < 0:
        raise click.ClickException(f"证书已于 {end:%Y-%m-%d} 到期，请换用新证书。")
    if left < _SOON:
        click.echo(f"证书将于 {end:%Y-%m-%d} 到期，请及早更换。", err=True)
    os.environ["ECOLEDGER_HTTPS"] = "1"
    if not os.environ.get("ECOLEDGER_HOSTS") and names:
        os.environ["ECOLEDGER_HOSTS"] = ",".join(names)
    return pair


def _read(path: Path) -> tuple[datetime, list[str]]:
    """Until when a certificate holds, and the names it speaks for in Django's notation."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return certificate.not_valid_after_utc, []
    hosts = [name.removeprefix("*") for name in names.get_values_for_type(x509.DNSName)]
    hosts += [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return certificate.not_valid_after_utc, hosts
