#!/usr/bin/env python3
"""Reads a data directory's mail by docs/formats.md alone, independently of Mailkeep, and proves a backup by it.

usage: read_vault.py DATA-DIRECTORY [MANIFEST.json MANIFEST.sig]
"""

import hmac
import re
import struct
import sys
from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from verify_export import proved
from zstandard import ZstdCompressionDict, ZstdDecompressor

PART, RECIPE, DICTIONARY = range(3)


def unseal(key, box, bound_to):
    assert box[0] == 1, "a box has another version"
    return AESGCM(key).decrypt(box[1:13], box[13:], bound_to)


def is_header(header, magic):
    return header[:4] == magic and header[4] in (1, 2) and sha256(header[:-8]).digest()[:8] == header[-8:]


def content(kind, held, by_id):
    """The runs of bytes that the steps of a recipe give, of which those with a width become base64; else what is held."""
    recipe, runs = (BytesIO(held), []) if kind == RECIPE else (BytesIO(), [(0, held)])
    while code := recipe.read(1):
        if code < b"\4":
            runs.append((recipe.read(1)[0] if code > b"\1" else 0, bytearray()))
        digits = re.compile(rb"[\x80-\xff]*[\0-\x7f]").match(recipe.getvalue(), recipe.tell())[0]
        length = sum((digit & 127) << 7 * place for place, digit in enumerate(recipe.read(len(digits))))
        piece = content(*by_id[recipe.read(32)], by_id) if code[0] % 2 else recipe.read(length)
        assert code < b"\6" and len(piece) == length and (code < b"\4" or runs[-1][0]), "a step is none"
        runs[-1][1].extend(piece)
    return b"".join(re.sub(rb".{1,%d}" % width, rb"\g<0>\r\n", b64encode(run)) if width else run for width, run in runs)


class Vault:
    def __init__(self, directory):
        ring = (directory / "keys/keyring").read_bytes()
        assert ring[:5] == b"MKKR\1", "the keyring has another version"
        ring = unseal(bytes.fromhex((directory / "keys/master").read_text()), ring[5:], b"mailkeep keyring")
        self.keys = {ring[at]: ring[at + 2:at + 34] for at in range(0, len(ring), 34)}
        entries = [entry for path in sorted((directory / "vault").glob("*.seg")) for entry in self.entries(path)]
        by_id = {key: (kind, held) for kind, key, _, held in sorted(entries, reverse=True)}
        self.count, self.sizes = [kind for kind, *_ in entries].count, {}
        for kind, key, size, held in entries:
            found = content(kind, held, by_id)
            named = hmac.digest(self.keys[6], sha256(found).digest(), "sha256")
            assert named == key and len(found) == size, f"entry {key.hex()} does not hold what it should"
            self.sizes[sha256(found).hexdigest()] = size

    def entries(self, path):
        """Of every entry of a segment its kind, its id, the size of its content, and what its frames hold."""
        segment, place, dictionary = path.read_bytes(), 53, None
        assert is_header(segment[:53], b"MKVS") and segment[8:16] == struct.pack("<Q", int(path.stem)), "no segment"
        unseal(self.keys[4], segment[16:45], segment[:16])
        while place < len(segment):
            header, place, held, index = segment[place:place + 80], place + 80, b"", 0
            assert is_header(header, b"MKVE"), f"there is no entry in {path.name} before {place}"
            kind, size, frames, key, salt = struct.unpack("<5xB2xQQ32s16s8x", header)
            end = place + frames
            while place < end or index == 0:
                (codec, length, sealed), begin = struct.unpack_from("<B3xII", segment, place), place + 12
                bound_to = salt + struct.pack("<Q", index) + segment[place:begin]
                place, index = begin + sealed, index + 1
                frame = unseal(self.keys[4], segment[begin:place], bound_to + (header[:72] if place == end else b""))
                if codec > 0:
                    frame = ZstdDecompressor(dict_data=dictionary if codec == 2 else None).decompress(frame, length)
                assert codec < 3 and len(frame) == length, "a frame is not what its head says"
                held += frame
            if kind == DICTIONARY:
                dictionary = ZstdCompressionDict(held[12 + 32 * struct.unpack_from("<I", held, 8)[0]:])
            yield kind, key, size, held

    def prove(self, manifest, signature):
        documents = {"manifest.json": manifest, "manifest.sig": signature}
        key = Ed25519PrivateKey.from_private_bytes(self.keys[7]).public_key()
        assert sha256(manifest).hexdigest() in self.sizes, "the manifest is not here"
        for message in proved(documents, "manifest", "mailkeep-manifest-1", key)["messages"]:
            assert self.sizes.get(message["sha256"]) == message["size"], f"message {message['sha256']} is not here"


if __name__ == "__main__":
    try:
        vault = Vault(Path(sys.argv[1]))
        if sys.argv[2:]:
            vault.prove(*(Path(path).read_bytes() for path in sys.argv[2:]))
        print(vault.count(PART), "parts,", vault.count(RECIPE), "recipes,", vault.count(DICTIONARY), "dictionaries")
    except Exception as error:
        sys.exit(f"not proved: {str(error) or type(error).__name__}")
