"""What is attached to a mail of a conversation, by kind: see `attachments`."""

from datetime import timedelta

from . import files
from .company import DOMAIN, ENGLISH_NAME, NAME
from .talk import PRODUCTS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLOURS = [(80, 120, 165), (180, 60, 85), (95, 140, 90), (205, 165, 80)]
PRICES = [(60, 63, 66, 72, 80, 91), (50, 52, 61, 64, 70, 75)]


def attachments(kind, language, facts, sender, sent, random):
    """(files, a table for the page, pictures for the page) of a kind.

    Files are (name, type, bytes), pictures (name, words for it, bytes).
    """
    if not kind:
        return [], None, []
    return KINDS[kind](language == "ja", facts, sender, sent, random)


def rows_of(ja, facts):
    """What is sold, as a table with a header row, and its total."""
    count, price = facts["n"], facts["u"]
    rows = [(facts["p"], count, price, count * price)]
    rows += [("名入れ 1色", 1, 12000, 12000), ("送料", 1, 0, 0)] if ja else [
        ("Printing, one colour", 1, 12000, 12000), ("Freight", 1, 38000, 38000)]
    head = ("品名", "数量", "単価", "金額") if ja else ("Item", "Quantity", "Unit price", "Amount")
    return [head, *rows], sum(row[3] for row in rows)


def paper(title, number, ja, facts):
    """A PDF with what is sold."""
    rows, total = rows_of(ja, facts)
    money = [f"{row[0]}   {row[1]:,} x {row[2]:,} = {row[3]:,} JPY" for row in rows[1:]]
    return files.pdf((f"{title} No.{number}", NAME if ja else ENGLISH_NAME, "", *money, "", f"Total  JPY {total:,}"))


def quote(ja, facts, sender, sent, random):
    title, name = ("御見積書", "お見積書") if ja else ("Quotation", "Quotation")
    return sheets(title, f"{name}_{facts['no']}", ja, facts)


def proposal(ja, facts, sender, sent, random):
    # A name so long that it takes several parameters (RFC 2231, section 3).
    return sheets("ご提案書", "創業60周年記念品のご提案_トートバッグ3案_さくら商事株式会社", ja, facts)


def sheets(title, name, ja, facts):
    """A PDF and a workbook of the same."""
    rows, _ = rows_of(ja, facts)
    return [(f"{name}.pdf", "application/pdf", paper(title, facts["no"], ja, facts)),
            (f"{name}.xlsx", XLSX, files.xlsx(rows))], rows, []


def invoice(ja, facts, sender, sent, random):
    title, name = ("請求書", f"請求書_{facts['no']}_{sent:%Y年%m月}.pdf") if ja else ("Invoice", f"Invoice_{facts['no']}.pdf")
    return [(name, "application/pdf", paper(title, facts["no"], ja, facts))], rows_of(ja, facts)[0], []


def order(ja, facts, sender, sent, random):
    rows = rows_of(ja, facts)[0][:2]
    return [(f"{'注文書' if ja else 'PO'}_{facts['no']}.xlsx", XLSX, files.xlsx(rows))], rows, []


def photo(ja, facts, sender, sent, random):
    picture = files.product(facts["shape"], random.choice(COLOURS))
    name = f"写真_{facts['p'].split()[0]}.png" if ja else f"photo-{facts['no']}.png"
    return [(name, "image/png", picture)], None, [("photo", facts["p"], picture)]


def mark(ja, facts, sender, sent, random):
    return [("社章.png", "image/png", files.logo((40, 90, 170)))], None, []


def chart(ja, facts, sender, sent, random):
    values = random.choice(PRICES)
    table = [("月", "指数") if ja else ("month", "index"), *enumerate(values, 1)]
    name, codec = ("原材料価格の推移.csv", "cp932") if ja else ("paper-prices.csv", "utf-8")
    return [(name, "text/csv", files.csv_file(table, codec))], None, [("chart", name, files.chart(values))]


def contract(ja, facts, sender, sent, random):
    name = f"取引基本契約書（案）_{facts['no']}.pdf"
    document = files.pdf(("取引基本契約書 (案)", "第1条 目的", "第2条 発注", "第3条 納品", "第4条 価格の改定"))
    return [(name, "application/pdf", document)], None, []


def report(ja, facts, sender, sent, random):
    title, name = ("資料", f"資料_{facts['p']}.pdf") if ja else ("Document", f"document-{facts['no']}.pdf")
    document = files.pdf((f"{title} No.{facts['no']}", facts["p"], f"{sent:%Y-%m-%d}"))
    return [(name, "application/pdf", document)], None, []


def stock(ja, facts, sender, sent, random):
    products = PRODUCTS["ja" if ja else "en"][:8]
    table = [("品名", "在庫") if ja else ("item", "stock"), *((name, random.randint(2, 90) * 50) for name, *_ in products)]
    name, codec = (f"在庫一覧_{sent:%m%d}.csv", "cp932") if ja else (f"stock-{sent:%m%d}.csv", "utf-8")
    return [(name, "text/csv", files.csv_file(table, codec))], table, []


def names(ja, facts, sender, sent, random):
    table = [("番号", "お名前", "のし"), (1, "青山様", "内祝"), (2, "石田様", "内祝"), (3, "上野様", "内祝")]
    content = files.zipped([("名入れリスト.csv", "\n".join(",".join(map(str, row)) for row in table))])
    return [("名入れリスト.zip", "application/zip", content)], None, []


def meeting(ja, facts, sender, sent, random):
    start = (sent + timedelta(days=8)).replace(hour=10, minute=0, second=0)
    entry = files.meeting(f"{facts['no']}@{DOMAIN}", start, start + timedelta(hours=1),
                          "お打ち合わせ" if ja else "Meeting", sender.address)
    return [("invite.ics", "text/calendar; method=REQUEST", entry)], None, []


KINDS = {"quote": quote, "proposal": proposal, "invoice": invoice, "order": order, "photo": photo, "mark": mark,
         "chart": chart, "contract": contract, "report": report, "stock": stock, "list": names, "meeting": meeting}
