"""A mailbox on disk as Dovecot keeps it (Maildir++)."""

import base64
import os


class Maildir:
    """A mailbox with its folders."""

    def __init__(self, path):
        self.path = path
        self.number = 0

    def add(self, folder, raw, sent):
        """Puts a mail into a folder; its levels are parted by /."""
        self.number += 1
        directory = self.path if folder == "INBOX" else self.path / ("." + modified_utf7(folder).replace("/", "."))
        for name in ("tmp", "new", "cur"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        name = f"{int(sent.timestamp())}.M{self.number}P1.demo,S={len(raw)}"
        (directory / "tmp" / name).write_bytes(raw)
        os.utime(directory / "tmp" / name, (sent.timestamp(), sent.timestamp()))
        os.rename(directory / "tmp" / name, directory / "new" / name)


def modified_utf7(name):
    """A folder's name as IMAP writes it (RFC 3501, 5.1.3)."""
    out, wide = "", ""
    for character in name + "\0":
        if " " <= character <= "~" or character == "\0":
            if wide:
                out += "&" + base64.b64encode(wide.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-"
                wide = ""
            out += {"&": "&-", "\0": ""}.get(character, character)
        else:
            wide += character
    return out
