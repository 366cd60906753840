"""Files to attach, made by code: PDF, PNG, tables and calendar entries."""

import functools
import io
import math
import struct
import zipfile
import zlib
from html import escape


@functools.cache
def pdf(lines):
    """A page of A4 with these lines, the first as its title; Japanese with a font that PDF readers bring themselves."""
    drawing = []
    for index, line in enumerate(lines):
        font, size = ("F2", 11) if not line.isascii() else ("F1", 11)
        size, y = (20, 780) if index == 0 else (size, 750 - 20 * index)
        shown = "<" + line.encode("utf-16-be").hex() + ">" if font == "F2" else (
            "(" + line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") + ")")
        drawing.append(f"BT /{font} {size} Tf 60 {y} Td {shown} Tj ET")
    drawing.append("0.75 0.2 0.35 RG 2 w 60 768 m 535 768 l S")
    stream = zlib.compress("\n".join(drawing).encode(), 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Font/Subtype/Type0/BaseFont/KozMinPr6N-Regular/Encoding/UniJIS-UTF16-H/DescendantFonts[7 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/KozMinPr6N-Regular/FontDescriptor 8 0 R/DW 1000"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 6>>>>",
        b"<</Type/FontDescriptor/FontName/KozMinPr6N-Regular/Flags 6/FontBBox[-437 -340 1147 1317]/ItalicAngle 0"
        b"/Ascent 1137/Descent -349/CapHeight 742/StemV 80>>",
    ]
    document, offsets = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", []
    for index, content in enumerate(objects, 1):
        offsets.append(len(document))
        document += b"%d 0 obj" % index + content + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start, count = len(document), len(objects) + 1
    document += b"xref\n0 %d\n0000000000 65535 f \n" % count + table
    return document + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (count, start)


def png_of(width, height, rows):
    """A PNG of rows of RGB bytes."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def drawn(width, height, colour):
    """A PNG of the colour that a function of x and y says."""
    return png_of(width, height, [b"".join(bytes(colour(x, y)) for x in range(width)) for y in range(height)])


def shade(colour, factor):
    """A colour, lighter or darker."""
    return tuple(min(255, int(value * factor)) for value in colour)


@functools.cache
def logo(colour):
    """A company's mark: a flower of five petals."""
    def pixel(x, y):
        x, y = (x - 23.5) / 24, (y - 23.5) / 24
        radius, angle = math.hypot(x, y), math.atan2(x, -y)
        edge = 0.62 + 0.3 * abs(math.cos(angle * 2.5))
        if radius < 0.16:
            return 250, 220, 110
        return shade(colour, 0.85 + 0.3 * radius) if radius < edge else (255, 255, 255)

    return drawn(48, 48, pixel)


@functools.cache
def product(kind, colour):
    """A picture of a product on a table: a bag, a box or a cup."""
    def inside(x, y):
        if kind == "bag":
            handle = 26 < math.hypot(x, y + 22) < 32 and y < -22
            return handle or (-22 <= y <= 46 and abs(x) <= 40 + y * 0.12)
        if kind == "box":
            return abs(x) <= 48 and -12 <= y <= 44 or abs(x) <= 54 and -26 <= y < -12
        return abs(x + 8) <= 30 - y * 0.08 and -28 <= y <= 44 or 13 < math.hypot(x - 30, y - 4) < 20 and x > 18

    def pixel(x, y):
        x, y = x - 90, y - 62
        if inside(x, y):
            ribbon = kind == "box" and abs(x) < 6 or kind != "box" and abs(x + 4) + abs(y - 14) < 13
            return (250, 245, 235) if ribbon else shade(colour, 1.12 - (x + 60) / 300)
        if y > 40:
            return shade((196, 170, 140), 1.1 - y / 400)
        return shade((236, 238, 242), 1 + y / 900)

    return drawn(180, 128, pixel)


@functools.cache
def chart(values):
    """A chart of bars."""
    top, width = max(values), 12 + 24 * len(values)

    def pixel(x, y):
        index, inside = divmod(x - 8, 24)
        if y > 112 or not 0 <= index < len(values):
            return (90, 90, 100) if y == 113 else (255, 255, 255)
        if inside < 17 and y >= 112 - values[index] * 100 // top:
            return (192, 64, 96) if index == len(values) - 1 else (120, 150, 190)
        return (232, 232, 236) if y % 25 == 12 else (255, 255, 255)

    return drawn(width, 120, pixel)


def csv_file(rows, codec):
    """A table as a spreadsheet program saves it."""
    lines = [",".join(str(cell) for cell in row) for row in rows]
    return "".join(f"{line}\r\n" for line in lines).encode(codec, "replace")


def xlsx(rows):
    """A workbook of one sheet that spreadsheet programs open."""
    names = "http://schemas.openxmlformats.org"
    cells = []
    for number, row in enumerate(rows, 1):
        line = ""
        for column, value in enumerate(row):
            place = f"{chr(65 + column)}{number}"
            line += (f'<c r="{place}"><v>{value}</v></c>' if isinstance(value, int) else
                     f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>')
        cells.append(f'<row r="{number}">{line}</row>')
    relation = f'{names}/officeDocument/2006/relationships'
    main, packages = f"{names}/spreadsheetml/2006/main", f"{names}/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return zipped([
        ("[Content_Types].xml",
         f'<Types xmlns="{packages}/content-types">'
         '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         '<Default Extension="xml" ContentType="application/xml"/>'
         f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
         f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>'),
        ("_rels/.rels",
         f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" Type="{relation}/officeDocument" '
         'Target="xl/workbook.xml"/></Relationships>'),
        ("xl/workbook.xml",
         f'<workbook xmlns="{main}" xmlns:r="{relation}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/>'
         '</sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels",
         f'<Relationships xmlns="{packages}/relationships"><Relationship Id="rId1" Type="{relation}/worksheet" '
         'Target="worksheets/sheet1.xml"/></Relationships>'),
        ("xl/worksheets/sheet1.xml",
         f'<worksheet xmlns="{main}"><sheetData>{"".join(cells)}</sheetData></worksheet>'),
    ], head='<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n')


def zipped(files, head=""):
    """A zip file; of one moment, as the bytes should be the same every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), head + content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def meeting(uid, start, end, title, organizer):
    """A calendar entry (RFC 5545)."""
    form = "%Y%m%dT%H%M%S"
    return "".join(f"{line}\r\n" for line in [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//demo//EN", "METHOD:REQUEST", "BEGIN:VEVENT", f"UID:{uid}",
        f"DTSTAMP:{start.strftime(form)}", f"DTSTART;TZID=Asia/Tokyo:{start.strftime(form)}",
        f"DTEND;TZID=Asia/Tokyo:{end.strftime(form)}", f"SUMMARY:{title}", f"ORGANIZER:mailto:{organizer}",
        "END:VEVENT", "END:VCALENDAR",
    ]).encode()
