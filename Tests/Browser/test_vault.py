"""A vault, read and proved by an independent reader that knows the documented form alone."""

import base64
import json
import random
import shutil
import subprocess
import sys
import zipfile

import pytest
from company import DOMAIN
from words import ROOT

ADMIN, LEAVER = f"takahashi@{DOMAIN}", f"watanabe@{DOMAIN}"
READER = ROOT / "Tests/Formats/read_vault.py"
# A dictionary is made of the first thousand mails.
MAILS = 1200


def mbox():
    """Mails of a lead: many short ones, a long one, and two above 1 MiB: an attachment, and many pieces of base64."""
    made = random.Random(1)
    sender = "aoki@cafe-komorebi.example"
    heads = (f"From MAILER-DAEMON Thu Nov 26 00:00:00 2026\r\nFrom: {sender}\r\nTo: {LEAVER}\r\n"
             f"Subject: No. {number}\r\nMessage-ID: <{number}.{sender}>\r\n" for number in range(MAILS + 3))
    plain = "Content-Type: text/plain\r\n\r\n"
    encoded = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    for number in range(MAILS):
        yield next(heads) + plain + f"Thank you for order {made.randrange(10**9)}, as every month.\r\n\r\n"
    yield next(heads) + plain + "".join(f"Lot {made.randrange(10**9)} has arrived.\r\n" for _ in range(600)) + "\r\n"
    yield next(heads) + encoded + lines(made.randbytes(2_500_000)) + "\r\n"
    pieces = ("\r\n".join(["--", lines(made.randbytes(6000))]) for _ in range(300))
    yield next(heads) + plain + "".join(pieces) + "\r\n"


def lines(content):
    text = base64.b64encode(content).decode()
    return "".join(f"{text[at:at + 76]}\r\n" for at in range(0, len(text), 76))


@pytest.fixture(scope="module")
def data(company, folder):
    """The company's data directory once it has stopped, and a backup's manifest with its signature."""
    source, export = folder / "source.mbox", folder / "backup.zip"
    source.write_text("".join(mbox()), newline="")
    company.shell("backup", "source", "--user", LEAVER, "--as", ADMIN, "--upload", str(source))
    company.shell("backup", "start", "--user", LEAVER, "--as", ADMIN, "--wait")
    backup = json.loads(company.shell("backup", "list", "--user", LEAVER, "--as", ADMIN, "--json"))["backups"][0]
    assert backup["messages"] >= MAILS + 3
    company.shell("backup", "export", backup["id"], "--format", "eml_zip", "--output", str(export), "--as", ADMIN)
    company.stop()
    with zipfile.ZipFile(export) as archive:
        documents = [archive.extract(name, folder) for name in ["manifest.json", "manifest.sig"]]
    return company.directory / "data", documents


def read(directory, documents):
    return subprocess.run([sys.executable, READER, directory, *documents], capture_output=True, text=True)


def test_a_vault_is_read_and_its_backup_proved_without_mailkeep(data):
    done = read(*data)
    assert (done.returncode, done.stderr) == (0, "")
    parts, recipes, dictionaries = (int(told.split()[0]) for told in done.stdout.split(", "))
    assert parts > 0 and recipes > MAILS and dictionaries > 0, done.stdout


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_a_changed_byte_is_found(data, folder, share):
    directory, documents = data
    copy = folder / f"changed-{share}"
    for name in ["keys", "vault"]:
        shutil.copytree(directory / name, copy / name)
    segment = sorted((copy / "vault").glob("*.seg"))[-1]
    content = bytearray(segment.read_bytes())
    content[int(len(content) * share)] ^= 1
    segment.write_bytes(content)
    done = read(copy, documents)
    assert done.returncode == 1 and done.stderr, done.stdout


def test_a_manifest_of_another_signature_proves_nothing(data, folder):
    directory, (manifest, _) = data
    signature = folder / "other.sig"
    signature.write_text(base64.b64encode(bytes(64)).decode())
    done = read(directory, [manifest, signature])
    assert done.returncode == 1 and done.stderr == "not proved: InvalidSignature\n"
