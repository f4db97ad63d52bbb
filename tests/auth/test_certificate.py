import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID

from shared.auth.certificate import certificate_credential


@pytest.fixture(scope="module")
def certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A new key with its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "joinlink")])
    now = datetime.now(UTC)
    created = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    return key, created


def test_a_certificate_is_accepted_in_every_format(
    certificate: tuple[rsa.RSAPrivateKey, x509.Certificate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PEM text, base64 of a PFX as Key Vault returns it, or a file with either; MSAL accepts each."""
    key, created = certificate
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + created.public_bytes(
        Encoding.PEM
    )
    pfx = pkcs12.serialize_key_and_certificates(b"joinlink", key, created, None, NoEncryption())
    (tmp_path / "app.pem").write_bytes(pem)
    (tmp_path / "app.pfx").write_bytes(pfx)
    formats = [
        pem.decode(),
        base64.b64encode(pfx).decode(),
        str(tmp_path / "app.pem"),
        str(tmp_path / "app.pfx"),
    ]
    monkeypatch.setattr(requests.Session, "get", lambda *_a, **_k: pytest.fail("called the network"))

    for text in formats:
        credential = certificate_credential(text)
        signer = msal.oauth2cli.JwtAssertionCreator(credential["private_key"], algorithm="PS256")
        assert signer.create_normal_assertion("audience", "issuer")
        assert (
            x509.load_pem_x509_certificate(
                credential["public_certificate"].encode()[-len(created.public_bytes(Encoding.PEM)) :]
            )
            == created
        )


@pytest.mark.parametrize("setting", ["", "not base64!", base64.b64encode(b"not a pfx").decode()])
def test_an_invalid_certificate_is_refused(setting: str) -> None:
    """With a ValueError, which the token source turns into Unauthorized."""
    with pytest.raises(ValueError):  # noqa: PT011 -- cryptography's messages vary
        certificate_credential(setting)
