"""Writes mails: letters and the bytes that carry them."""

from email.utils import format_datetime

from .company import DOMAIN, ENGLISH_NAME, NAME
from .mime import encode, encoded, file_fields, multipart, part
from .talk import CLOSINGS, OPENINGS

# As mail of every decade labels and encodes its text: label, codec, transfer encoding, of how many.
ENCODINGS = [
    ("UTF-8", "utf-8", "base64", 45), ("UTF-8", "utf-8", "8bit", 15), ("UTF-8", "utf-8", "quoted-printable", 10),
    ("ISO-2022-JP", "jis", "7bit", 22), ("Shift_JIS", "cp932", "base64", 8),
]


class Writer:
    """Writes mails that vary as one generator says."""

    def __init__(self, random):
        self.random = random
        self.number = 0

    def encoding(self, text, language, wanted=None):
        """An encoding that can hold the text."""
        if text.isascii():
            return "US-ASCII", "ascii", "7bit"
        choices = [each for each in ENCODINGS if each[1] == (wanted or each[1])] if language == "ja" else ENCODINGS[:3]
        label, codec, transfer, _ = self.random.choices(choices, [each[3] for each in choices])[0]
        try:
            if codec != "utf-8":
                text.encode("cp932")
                encode(text, codec)
        except UnicodeEncodeError:
            return "UTF-8", "utf-8", "base64"
        return label, codec, transfer

    def compose(self, sender, to, sent, subject, text, *, language="ja", cc=(), page=None, images=(), attached=(),
                thread=(), fields=(), wanted=None):
        """One mail as (Message-ID, bytes).

        `page` is its HTML, `images` are (cid, bytes), `attached` (name, type, bytes), `thread` earlier Message-IDs,
        `fields` further header fields; `wanted` is a codec.
        """
        self.number += 1
        id = f"<{int(sent.timestamp()):x}.{self.number:05}@{sender.address.split('@')[1]}>"
        names = "".join(each.written(language) for each in [sender, *to, *cc])
        label, codec, transfer = self.encoding(text + subject + names, language, wanted)

        def boundary(level):
            return f"----=_Part_{self.number:05}_{level}"

        def person(each):
            name = encoded(each.written(language), label, codec)
            if name.isascii() and not name.startswith("=?") and not name.replace(" ", "").isalnum():
                name = f'"{name}"'
            return f"{name} <{each.address}>"

        body = part(f"text/plain; charset={label}", encode(text.replace("\n", "\r\n"), codec), transfer)
        if page:
            markup = part("text/html; charset=UTF-8", page.replace("\n", "\r\n").encode(), "base64")
            if images:
                parts = [part(f'image/png; name="{cid.split("@")[0]}.png"', content, "base64", f"Content-ID: <{cid}>",
                              "Content-Disposition: inline") for cid, content in images]
                markup = multipart('related; type="text/html"', [markup, *parts], boundary("related"))
            body = multipart("alternative", [body, markup], boundary("alternative"))
        if attached:
            parts = []
            for name, kind, content in attached:
                if kind == "message/rfc822":
                    parts.append(part(kind, content, "8bit", file_fields(name, kind, "2231")[1]))
                    continue
                kind, disposition = file_fields(name, kind, self.random.choice(["2231", "2231", "2047"]))
                parts.append(part(kind, content, "base64", disposition))
            body = multipart("mixed", [body, *parts], boundary("mixed"))
        head = [*fields, f"Date: {format_datetime(sent)}", f"From: {person(sender)}",
                "To: " + ",\r\n ".join(person(each) for each in to)]
        if cc:
            head.append("Cc: " + ",\r\n ".join(person(each) for each in cc))
        head += [f"Subject: {encoded(subject, label, codec)}", f"Message-ID: {id}"]
        if thread:
            head += [f"In-Reply-To: {thread[-1]}", "References: " + "\r\n ".join(thread)]
        head.append("MIME-Version: 1.0")
        return id, "".join(f"{line}\r\n" for line in head).encode() + body

    def letter(self, sender, to, lines, language):
        """The lines with what stands around them in a business mail."""
        opening, closing = self.random.choice(OPENINGS[language]), self.random.choice(CLOSINGS[language])
        if language == "ja":
            greeting = [f"{to.company}", f"{to.title} {to.family} 様".strip()] if to.company else [f"{to.family} 様"]
            who = f"{sender.company}の{sender.family}です。"
            return [*greeting, "", opening, who, "", *lines, "", closing]
        return [f"Dear {to.latin.split()[0]},", "", *([opening, ""] if opening else []), *lines, "", closing]

    def signature(self, sender, language):
        """What stands below a mail."""
        if language == "ja":
            who, phone = f"{sender.title}　{sender.name}".strip(), f"TEL {sender.phone}"
            rows = [sender.company, who, sender.place, phone, sender.address]
        else:
            company = ENGLISH_NAME if sender.company == NAME else sender.company
            rows = [sender.latin, company, sender.phone, sender.address]
        return [row for row in rows if row and row != "TEL "]

    def text(self, letter, signature, language, quoted=None, when=None, whom=None):
        """A letter with its signature, and what it answers: the lines, when and by whom."""
        rule = "━━━━━━━━━━━━━━━━━━" if language == "ja" else "-- "
        lines = [*letter, "", rule, *signature] + ([rule] if language == "ja" else [])
        if quoted:
            said = f"{when:%Y/%m/%d %H:%M} {whom.name}:"
            if language == "en":
                said = f"On {when:%d %B %Y}, {whom.latin} wrote:"
            lines += ["", said, *(f"> {line}" for line in quoted)]
        return "\n".join([*lines, ""])

    def received(self, sender, sent, passed=True):
        """What the mail server of さくら商事 writes above a mail that comes in."""
        domain, said = sender.address.split("@")[1], "pass" if passed else "fail"
        return [f"Received: from mx.{domain} (mx.{domain} [192.0.2.{self.random.randint(2, 250)}])\r\n"
                f"\tby mail.{DOMAIN} with ESMTPS; {format_datetime(sent)}",
                f"Authentication-Results: mail.{DOMAIN}; spf={said} smtp.mailfrom={domain};\r\n"
                f"\tdkim={'pass' if passed else 'none'} header.d={domain}; dmarc={said} header.from={domain}"]
