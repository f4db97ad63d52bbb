"""Reads JOINLINK_CLIENT_CERTIFICATE for MSAL."""

import base64
import binascii
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

_FILE_TYPES = frozenset({".pem", ".pfx", ".p12"})
_DER_START = b"\x30"


def certificate_credential(setting: str) -> dict[str, str]:
    """Turn JOINLINK_CLIENT_CERTIFICATE into the `client_credential` that MSAL takes.

    The setting is PEM text with key and certificate, base64 of a PFX without password (the format that Key
    Vault returns), or the path of a file with either.

    Raises:
        OSError: the file can't be read.
        ValueError: the setting is none of these.
    """
    data = Path(setting).read_bytes() if _is_path(setting) else setting.encode()
    if b"-----BEGIN" in data:
        pem = data.decode()
        return {"private_key": pem, "public_certificate": pem}
    try:
        pfx = data if data.startswith(_DER_START) else base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError("the certificate is neither PEM, nor a PFX, nor base64 of a PFX") from error
    key, certificate, _others = pkcs12.load_key_and_certificates(pfx, None)
    if key is None or certificate is None:
        raise ValueError("the PFX does not contain a private key with its certificate")
    private_key = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "private_key": private_key.decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }


def _is_path(setting: str) -> bool:
    is_text = "-----BEGIN" in setting or "\n" in setting
    return not is_text and Path(setting).suffix in _FILE_TYPES
