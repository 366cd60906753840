#!/usr/bin/env python3
"""Proves an export by docs/formats.md alone, independently of Mailkeep.

usage: verify_export.py EXPORT PUBLIC-KEY.pem
"""

import base64
import email
import hashlib
import json
import re
import sys
import zipfile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

DOCUMENTS = {"manifest.json", "manifest.sig", "export.json", "export.sig", "public-key.pem"}


def read_zip(path):
    """The documents by name, and the mails by path."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    return {name: files.pop(name) for name in DOCUMENTS & files.keys()}, files


def read_mbox(path):
    """The documents by name, and the mails by offset."""
    with open(path, "rb") as file:
        text = file.read()
    starts = [match.start() for match in re.finditer(rb"^From ", text, re.MULTILINE)]
    mails = {}
    for start, end in zip(starts, starts[1:] + [len(text)]):
        begin = text.index(b"\n", start) + 1
        mail = re.sub(rb"^>(>*From )", rb"\1", text[begin:end], flags=re.MULTILINE).removesuffix(b"\r\n")
        if text[start:begin].endswith(b" NOEOL\r\n"):
            mail = mail.removesuffix(b"\r\n")
        mails[begin] = mail
    last = email.message_from_bytes(mails.popitem()[1])
    return {part.get_filename(): part.get_payload(decode=True) for part in last.walk() if part.get_filename()}, mails


def root(hashes):
    """The Merkle tree hash of RFC 9162, section 2.1.1."""
    if len(hashes) < 2:
        return hashlib.sha256(b"\0" + hashes[0] if hashes else b"").digest()
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(hashes[:half]) + root(hashes[half:])).digest()


def proved(documents, name, kind, key):
    """A signed document, once its signature, format and root hold."""
    content = documents[f"{name}.json"]
    key.verify(base64.b64decode(documents[f"{name}.sig"]), hashlib.sha256(content).digest())
    document = json.loads(content)
    assert document["format"] == kind, f"{name}.json is another document"
    hashes = [bytes.fromhex(message["sha256"]) for message in document["messages"]]
    assert document["totals"]["root"] == root(hashes).hex(), f"{name}.json does not give its root"
    assert document["totals"]["messages"] == len(hashes), f"{name}.json does not give its number of messages"
    return document


def verify(path, key):
    with open(path, "rb") as file:
        is_zip = file.read(2) == b"PK"
    documents, mails = (read_zip if is_zip else read_mbox)(path)
    assert documents.keys() <= DOCUMENTS, "an attachment is foreign"
    export = proved(documents, "export", "mailkeep-export-1", key)
    listed = {line["path" if is_zip else "offset"]: line for line in export["messages"]}
    assert listed.keys() == mails.keys(), "mails are foreign or missing"
    for place, line in listed.items():
        assert len(mails[place]) == line["size"], f"{place} is damaged"
        assert hashlib.sha256(mails[place]).hexdigest() == line["sha256"], f"{place} is damaged"
    exported = {line["sha256"] for line in export["messages"]}
    if export["header"]["kind"] != "backup":
        return f"proved: {len(exported)} messages"
    manifest = proved(documents, "manifest", "mailkeep-manifest-1", key)
    assert manifest["header"]["backup_id"] == export["header"]["backup_id"], "the manifest is another backup's"
    named = {message["sha256"] for message in manifest["messages"]}
    assert exported <= named, "the manifest does not name every mail"
    return f"proved: {len(exported)} messages, {len(named - exported)} not included"


if __name__ == "__main__":
    try:
        with open(sys.argv[2], "rb") as file:
            public_key = load_pem_public_key(file.read())
        print(verify(sys.argv[1], public_key))
    except (AssertionError, InvalidSignature, KeyError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"not proved: {str(error) or type(error).__name__}")
