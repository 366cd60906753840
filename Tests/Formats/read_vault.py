#!/usr/bin/env python3
"""Reads a data directory's mail by docs/formats.md alone, independently of Mailkeep, and proves a backup by it.

usage: read_vault.py DATA-DIRECTORY [MANIFEST.json MANIFEST.sig]
"""

import base64
import contextlib
import functools
import hashlib
import hmac
import re
import struct
import sys
from collections import Counter, defaultdict
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from verify_export import proved
from zstandard import ZstdCompressionDict, ZstdDecompressor, ZstdError

PART, RECIPE, DICTIONARY = KINDS = range(3)
DAMAGE = (AssertionError, InvalidSignature, InvalidTag, IndexError, KeyError, ValueError, struct.error, ZstdError)


def unseal(key, box, bound_to):
    assert box[0] == 1, "a box has another version"
    return AESGCM(key).decrypt(box[1:13], box[13:], bound_to)


def is_header(header, magic):
    return header[:4] == magic and header[4] in (1, 2) and hashlib.sha256(header[:-8]).digest()[:8] == header[-8:]


def lines(run, width):
    return re.sub(rb"(.{1,%d})" % max(width, 1), rb"\1\r\n", base64.b64encode(run))


class Vault:
    def __init__(self, directory):
        ring = (directory / "keys/keyring").read_bytes()
        assert ring[:5] == b"MKKR\1", "the keyring has another version"
        ring = unseal(bytes.fromhex((directory / "keys/master").read_text()), ring[5:], b"mailkeep keyring")
        self.keys = {ring[at]: ring[at + 2:at + 34] for at in range(0, len(ring), 34)}
        self.entries, self.kinds, self.damaged = defaultdict(list), Counter(), []
        for path in sorted((directory / "vault").glob("*.seg")):
            self.walk(int(path.stem), path.read_bytes())
        for entry in (entry for copies in self.entries.values() for entry in copies):
            try:
                self.content(entry)
                self.kinds[entry[0][5]] += 1
            except DAMAGE as error:
                self.damaged.append(f"entry {entry[0][24:56].hex()}: {str(error) or type(error).__name__}")

    def walk(self, number, segment):
        assert is_header(segment[:53], b"MKVS") and struct.unpack_from("<q", segment, 8)[0] == number, "no header"
        unseal(self.keys[4], segment[16:45], segment[:16])
        dictionary, place = None, 53
        while place < len(segment):
            header, begin = segment[place:place + 80], place + 80
            assert is_header(header, b"MKVE"), f"no entry in segment {number} at {place}"
            place = begin + struct.unpack_from("<Q", header, 16)[0]
            dictionary = header[24:56] if header[5] == DICTIONARY else dictionary
            self.entries[header[24:56]].append((header, segment[begin:place], dictionary))

    def held(self, header, frames, dictionary):
        held, place, index = b"", 0, 0
        while place < len(frames) or index == 0:
            head, begin = frames[place:place + 12], place + 12
            codec, length, sealed = struct.unpack("<B3xII", head)
            place = begin + sealed
            bound_to = header[56:72] + struct.pack("<q", index) + head + (header[:72] if place == len(frames) else b"")
            content = unseal(self.keys[4], frames[begin:place], bound_to)
            if codec:
                zstd = ZstdDecompressor(dict_data=self.dictionary(dictionary) if codec == 2 else None)
                content = zstd.decompress(content, max_output_size=length)
            assert len(content) == length, "a frame has another length"
            held, index = held + content, index + 1
        return held

    @functools.cache
    def dictionary(self, key):
        held = self.find(key, [DICTIONARY])
        return ZstdCompressionDict(held[12 + 32 * struct.unpack_from("<I", held, 8)[0]:])

    def content(self, entry):
        """The content of an entry, once it is what the entry's id names."""
        header, held = entry[0], self.held(*entry)
        content = self.put_together(held) if header[5] == RECIPE else held
        assert len(content) == struct.unpack_from("<q", header, 8)[0], "the content has another length"
        assert self.id_of(hashlib.sha256(content).digest()) == header[24:56], "the content is not what the id names"
        return content

    def id_of(self, sha256):
        return hmac.digest(self.keys[6], sha256, "sha256")

    def find(self, key, kinds=KINDS):
        """A content by its id, from whichever entry is whole."""
        for entry in self.entries.get(key, []):
            with contextlib.suppress(*DAMAGE):
                if entry[0][5] in kinds:
                    return self.content(entry)
        raise AssertionError("a content is missing")

    def put_together(self, recipe):
        content, run, width, place = b"", b"", 0, 0
        while place < len(recipe):
            code, place = recipe[place], place + 1
            if code < 4:
                content, run, width = content + lines(run, width), b"", 0
            if code in (2, 3):
                width, place = recipe[place], place + 1
            number = re.compile(rb"[\x80-\xff]*[\0-\x7f]").match(recipe, place)[0]
            length, place = sum((byte & 127) << 7 * at for at, byte in enumerate(number)), place + len(number)
            size = 32 if code % 2 else length
            piece, place = recipe[place:place + size], place + size
            piece = self.find(piece, [PART]) if code % 2 else piece
            assert code < 6 and len(piece) == length and (code < 4 or width), "a step is none"
            content, run = (content + piece, run) if code < 2 else (content, run + piece)
        return content + lines(run, width)

    def prove(self, manifest, signature):
        """A backup by its manifest: it is here as it was signed, and so is every message."""
        self.find(self.id_of(hashlib.sha256(manifest).digest()))
        key = Ed25519PrivateKey.from_private_bytes(self.keys[7]).public_key()
        documents = {"manifest.json": manifest, "manifest.sig": signature}
        for message in proved(documents, "manifest", "mailkeep-manifest-1", key)["messages"]:
            content = self.find(self.id_of(bytes.fromhex(message["sha256"])))
            assert len(content) == message["size"], "a message has another size"


if __name__ == "__main__":
    try:
        vault = Vault(Path(sys.argv[1]))
        if documents := [Path(path).read_bytes() for path in sys.argv[2:]]:
            vault.prove(*documents)
        print(vault.kinds[PART], "parts,", vault.kinds[RECIPE], "recipes,", vault.kinds[DICTIONARY], "dictionaries")
        sys.exit("\n".join(vault.damaged) or None)
    except DAMAGE as error:
        sys.exit(f"not proved: {str(error) or type(error).__name__}")
