"""Bytes of mails: parts, header fields and names of files as mail programs of every decade write them."""

import base64
import quopri
from urllib.parse import quote


def part(kind, content, transfer, *fields):
    """A leaf of a mail with its header; `fields` are further header fields."""
    if transfer == "base64":
        content = base64.encodebytes(content).replace(b"\n", b"\r\n")
    elif transfer == "quoted-printable":
        content = quopri.encodestring(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = [*fields, f"Content-Type: {kind}", f"Content-Transfer-Encoding: {transfer}"]
    return "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + content


def multipart(kind, parts, boundary):
    """Parts under one boundary; `kind` is the subtype with its parameters, if any."""
    joined = b"".join(f"--{boundary}\r\n".encode() + each + b"\r\n" for each in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    return head.encode() + joined + f"--{boundary}--\r\n".encode()


def encoded(text, label, codec):
    """Text in a header: encoded words (RFC 2047) where it is not ASCII."""
    if text.isascii():
        return text
    words = [base64.b64encode(encode(text[i:i + 12], codec)).decode() for i in range(0, len(text), 12)]
    return "\r\n ".join(f"=?{label}?B?{word}?=" for word in words)


def encode(text, codec):
    """Text as bytes; what the character set lacks becomes ?."""
    return jis(text) if codec == "jis" else text.encode(codec, "replace")


def jis(text):
    """ISO-2022-JP as Japanese mail programs write it, with the ㈱ and ① of NEC's row 13, which Python's codec lacks."""
    out, wide = bytearray(), False
    for character in text:
        code = character.encode("cp932")
        if (len(code) == 2) != wide:
            wide = not wide
            out += b"\x1b$B" if wide else b"\x1b(B"
        if wide:
            first, second = code
            if first >= 0xF0:
                raise UnicodeEncodeError("jis", character, 0, 1, "beyond row 94")
            row = (first - (0x81 if first < 0xA0 else 0xC1)) * 2
            cell = second - (0x40 if second < 0x7F else 0x41)
            row, cell = (row, cell) if second < 0x9F else (row + 1, second - 0x9F)
            code = bytes([row + 0x21, cell + 0x21])
        elif code[0] >= 0x80:
            raise UnicodeEncodeError("jis", character, 0, 1, "half-width kana")
        out += code
    return bytes(out + (b"\x1b(B" if wide else b""))


def file_fields(name, kind, style):
    """A file's type with its parameters, and its disposition: its name as RFC 2231 or as RFC 2047 (as Outlook) does."""
    if name.isascii():
        return f'{kind}; name="{name}"', f'Content-Disposition: attachment; filename="{name}"'
    if style == "2047":
        word = encoded(name, "UTF-8", "utf-8")
        return f'{kind};\r\n name="{word}"', f'Content-Disposition: attachment;\r\n filename="{word}"'
    escaped = quote(name, safe="")
    if len(escaped) <= 60:
        return kind, f"Content-Disposition: attachment;\r\n filename*=UTF-8''{escaped}"
    # Pieces end between characters' escapes, as some readers decode each piece by itself.
    pieces, piece = [], ""
    for character in name:
        escape = quote(character, safe="")
        if len(piece) + len(escape) > 54:
            pieces, piece = [*pieces, piece], ""
        piece += escape
    pieces.append(piece)
    fields = [f"filename*{index}*={'' if index else chr(85) + 'TF-8' + chr(39) * 2}{each}"
              for index, each in enumerate(pieces)]
    return kind, "Content-Disposition: attachment;\r\n " + ";\r\n ".join(fields)
