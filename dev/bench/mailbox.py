"""A large mailbox that is the same every time: business mail in two languages, of the sizes that such mail has."""

import os
import random
import zlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

from sample.maildir import modified_utf7
from sample.mime import encode, encoded, file_fields, multipart, part

OWNER = "owner@company.example"
START = datetime(2022, 4, 1, tzinfo=timezone.utc)
# Folders and their shares of the mails.
FOLDERS = [("INBOX", 40), ("Sent", 15), ("Archive/2024", 20), ("Archive/2025", 15), ("請求書", 8), ("Lists/dev", 2)]
# Of the mails: label, codec, transfer encoding, whether they are Japanese.
CHARSETS = [
    (("ISO-2022-JP", "jis", "7bit", True), 20), (("Shift_JIS", "cp932", "base64", True), 5),
    (("UTF-8", "utf-8", "base64", True), 20), (("US-ASCII", "ascii", "7bit", False), 40),
    (("ISO-8859-1", "latin-1", "quoted-printable", False), 5), (("UTF-8", "utf-8", "quoted-printable", False), 10),
]
KANJI = "会議資料送付確認請求書見積納品契約予定変更連絡報告対応作業完了担当株式部長課東京大阪福岡製品開発設計試験障害復旧運用保存検索添付年度予算売上費用支払期限承認出張注文発送在庫価格"
KANA = ["について", "に関して", "のため", "により", "は", "が", "に", "で", "と", "の", "も", "から", "まで", "です。", "ます。",
        "しました。", "ください。", "お願いいたします。", "ありがとうございます。", "サーバー", "ミーティング", "プロジェクト", "スケジュール"]
NAMES = [("Taro Yamada", "山田太郎"), ("Hanako Sato", "佐藤花子"), ("John Smith", "ジョン・スミス"), ("Ken Suzuki", "鈴木健"),
         ("Yuki Tanaka", "田中由紀"), ("Alice Moreau", "アリス・モロー"), ("Support Desk", "サポート窓口")]


def correspondent(number):
    """The address of one of the people whom the owner writes with."""
    return f"person{number}@client{number % 37}.example"


class MailboxMaker:
    """Makes mails one after another, varied as one generator says."""

    def __init__(self, seed=1, correspondents=400):
        self.random = random.Random(seed)
        self.correspondents = correspondents
        self.number = 0
        self.files = []
        self.recent = []
        syllables = [c + v for c in "bcdfghjklmnprstvwz" for v in "aeiou"]
        self.words = ["".join(self.random.choices(syllables, k=self.random.randint(1, 4))) for _ in range(4000)]
        self.terms = ["".join(self.random.choices(KANJI, k=2)) for _ in range(1500)] + KANA * 20

    def write(self, maildir, count):
        """Adds mails to a Maildir and returns their bytes."""
        total = 0
        for folder, _ in FOLDERS:
            for name in ("tmp", "new", "cur"):
                (self.directory(maildir, folder) / name).mkdir(parents=True, exist_ok=True)
        for _ in range(count):
            folder = self.pick(FOLDERS)
            raw, sent = self.mail(folder == "Sent")
            name = f"{int(sent.timestamp())}.M{self.number}P1.benchmark,S={len(raw)}:2,S"
            path = self.directory(maildir, folder) / "cur" / name
            path.write_bytes(raw)
            os.utime(path, (sent.timestamp(), sent.timestamp()))
            total += len(raw)
        return total

    @staticmethod
    def directory(maildir, folder):
        return maildir if folder == "INBOX" else maildir / ("." + modified_utf7(folder).replace("/", "."))

    def pick(self, weighted):
        values, weights = zip(*weighted)
        return self.random.choices(values, weights)[0]

    def mail(self, is_sent):
        """One mail as (bytes with CRLF, when it was sent)."""
        self.number += 1
        chance = self.random.random
        sent = START + timedelta(hours=self.number, seconds=self.random.randint(0, 3599))
        label, codec, transfer, ja = self.pick(CHARSETS)
        text = self.text(ja, min(20_000, self.random.lognormvariate(6.5 if ja else 7.4, 0.8)))
        subject = self.text(ja, self.random.randint(15, 50)).replace("\n", " ")
        fields = []
        if self.recent and chance() < 0.35:
            id, topic, said = self.random.choice(self.recent)
            if said.isascii() or ja:
                subject = f"Re: {topic}"
                fields += [f"In-Reply-To: {id}", f"References: {id}"]
                text += "\n" + "\n".join(f"> {line}" for line in said.split("\n")[:60])
                if not ja and not (text + subject).isascii():
                    label, codec, transfer = "UTF-8", "utf-8", "quoted-printable"
        id = f"<{self.number}.{self.random.getrandbits(64):016x}@mail{self.number % 7}.example>"
        self.recent = self.recent[-60:] + [(id, subject.removeprefix("Re: "), text[:3000])]
        other = (self.random.choice(NAMES)[ja], correspondent(self.random.randint(1, self.correspondents)))
        people = [(self.random.choice(NAMES)[ja], OWNER), other] if is_sent else [other, (None, OWNER)]
        body = part(f"text/plain; charset={label}", encode(text.replace("\n", "\r\n"), codec), transfer)
        boundary = f"=_{self.random.getrandbits(128):032x}"
        kind = self.pick([("text", 52), ("page", 35), ("files", 13)])
        if kind == "page":
            page = part("text/html; charset=UTF-8", self.page(ja).encode(), "quoted-printable")
            body = multipart("alternative", [body, page], boundary)
        elif kind == "files":
            body = multipart("mixed", [body] + [self.file() for _ in range(1 if chance() < 0.8 else 2)], boundary)
        header = self.trace(sent) + [
            f"Date: {format_datetime(sent)}", f"From: {self.person(people[0], label, codec)}",
            f"To: {self.person(people[1], label, codec)}", f"Message-ID: {id}", *fields,
            f"Subject: {encoded(subject, label, codec)}", "MIME-Version: 1.0",
        ]
        return "\r\n".join(header).encode() + b"\r\n" + body, sent

    def trace(self, sent):
        """What the servers on the way add."""
        bits = self.random.getrandbits
        signature = "\r\n\t ".join(f"{bits(288):072x}" for _ in range(4))
        return [
            f"Return-Path: <bounce-{self.number}@mail.example>",
            f"Received: from mx{self.number % 5}.example (mx.example [192.0.2.{self.number % 250}])\r\n"
            f"\tby mail.company.example with ESMTPS id {bits(48):012X}\r\n\tfor <{OWNER}>; {format_datetime(sent)}",
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=mail.example; s=s1;\r\n\tbh={bits(256):064x};"
            f"\r\n\tb={signature}",
        ]

    @staticmethod
    def person(who, label, codec):
        name, address = who
        return f"{encoded(name, label, codec)} <{address}>" if name else address

    def text(self, ja, size):
        """Words in lines; `size` in characters."""
        lines, line, done = [], "", 0
        vocabulary, width, gap = (self.terms, 34, "") if ja else (self.words, 71, " ")
        while done < size:
            line += self.often(vocabulary) + gap
            if len(line) > width:
                lines.append(line.rstrip())
                done += len(line)
                line = ""
                if self.random.random() < 0.05:
                    lines.append("")
        return "\n".join(lines) + "\n"

    def often(self, words):
        """A word, the earlier ones far more often."""
        return words[min(len(words) - 1, int(self.random.paretovariate(0.75) + self.random.random() * 30) - 1)]

    def page(self, ja):
        """HTML as newsletters have it: a style sheet, a table, links that are counted."""
        bits = self.random.getrandbits
        style = "".join(f".c{i}{{font-size:{10 + i % 8}px;color:#{bits(24):06x};padding:{i % 20}px}}"
                        for i in range(self.random.randint(5, 60)))
        rows = "".join(
            f'<tr><td class="c{i}" style="border:1px solid #ccc"><a href="https://track.example/c/{bits(128):032x}">'
            + self.text(ja, self.random.randint(40, 260)).replace("\n", "<br>\r\n") + "</a></td></tr>\r\n"
            for i in range(self.random.randint(4, 36)))
        return f'<html><head><style>{style}</style></head><body><table>{rows}</table></body></html>\r\n'

    def file(self):
        """An attachment; every fourth was sent before."""
        if self.files and self.random.random() < 0.25:
            return self.random.choice(self.files)
        size = int(min(2_000_000, max(2000, self.random.lognormvariate(10.3, 1.0))))
        name, kind, content = self.pick([(self.photo, 45), (self.report, 30), (self.table, 15), (self.book, 10)])(size)
        if self.random.random() < 0.45:
            name = self.random.choice(["見積書", "会議資料", "請求書", "報告書"]) + name
        kind, disposition = file_fields(name, kind, self.random.choice(["2231", "2047"]))
        made = part(kind, content, "base64", disposition)
        self.files = self.files[-400:] + [made]
        return made

    def photo(self, size):
        return f"photo{size}.jpg", "image/jpeg", b"\xff\xd8\xff\xe0" + self.random.randbytes(size)

    def report(self, size):
        text = zlib.compress(self.text(False, min(size, 30_000)).encode())
        return (f"report{size}.pdf", "application/pdf", b"%PDF-1.5\n" + text + self.random.randbytes(size // 2)
                + b"\n0000000000 65535 f \n" * (size // 80) + b"%%EOF")

    def table(self, size):
        rows = "\n".join(f"{i},{self.often(self.words)},{self.random.random() * 1e4:.2f}" for i in range(size // 24))
        return f"data{size}.csv", "text/csv", rows.encode()

    def book(self, size):
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return f"book{size}.xlsx", kind, b"PK\x03\x04" + self.random.randbytes(size)
