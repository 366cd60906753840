"""Exports of a backup, proved by Mailkeep and by an independent reader that knows the documents' form alone."""

import json
import subprocess
import sys
import zipfile

import pytest
from company import DOMAIN
from words import ROOT

ADMIN = f"takahashi@{DOMAIN}"
READER = ROOT / "Tests/Formats/verify_export.py"


@pytest.fixture(scope="module")
def backup(company):
    leaver = ["--user", f"yamada@{DOMAIN}", "--as", ADMIN]
    company.shell("user", "deactivate", *leaver, "--back-up", "--wait")
    made = json.loads(company.shell("backup", "list", *leaver, "--json"))["backups"]
    return next(backup["id"] for backup in made if backup["status"] == "completed")


@pytest.fixture(scope="module", params=["eml_zip", "mbox"])
def export(request, company, backup, folder):
    file, key = folder / f"export.{request.param}", folder / f"{request.param}.pem"
    company.shell("backup", "export", backup, "--format", request.param, "--output", str(file), "--as", ADMIN)
    key.write_text(company.shell("keys", "public-key", "--as", ADMIN))
    return file, key


def results(program, file, key):
    """What Mailkeep and the independent reader say of an export."""
    own = subprocess.run([program, "verify-export", file, "--public-key", key, "--json"], capture_output=True, text=True)
    other = subprocess.run([sys.executable, READER, file, key], capture_output=True, text=True)
    return own, other


def test_an_export_is_proved_without_mailkeep(program, export):
    own, other = results(program, *export)
    assert (own.returncode, other.returncode) == (0, 0), own.stderr + other.stderr
    messages = json.loads(own.stdout)["verifications"][0]["messages"]
    assert messages > 0 and other.stdout == f"proved: {messages} messages, 0 not included\n"


def test_an_altered_export_is_not_proved(program, export, folder):
    file, key = export
    content, altered = bytearray(file.read_bytes()), folder / f"altered-{file.name}"
    if file.suffix == ".mbox":
        place = content.index(b"\r\nSubject: ") + 4
    else:
        with zipfile.ZipFile(file) as archive:
            mail = next(info for info in archive.infolist() if info.filename.endswith(".eml"))
            place = content.index(archive.read(mail)) + 10
    content[place] ^= 1
    altered.write_bytes(content)
    own, other = results(program, altered, key)
    assert (own.returncode, other.returncode) == (1, 1), own.stderr + other.stderr
    assert json.loads(own.stdout)["verifications"][0]["damaged"]["count"] == 1


def test_another_key_proves_nothing(program, export, folder):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = folder / "other.pem"
    key.write_bytes(Ed25519PrivateKey.generate().public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    own, other = results(program, export[0], key)
    assert (own.returncode, other.returncode) == (1, 1), own.stderr + other.stderr
