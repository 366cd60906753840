"""Mails as HTML, in the colours of the sender's company."""

from html import escape


def page(subject, letter, signature, sender, table=None, pictures=(), tracked=None):
    """A letter as HTML; `pictures` are (cid, words for it), `tracked` is a host that is told when it is opened."""
    colour = "#%02x%02x%02x" % sender.colour
    domain = sender.address.split("@")[1]
    paragraphs = "\n".join(f"<p>{escape(line)}</p>" for line in letter if line)
    images = "".join(f"<img src='cid:{cid}' alt='{escape(alt)}' style='margin:8px 8px 8px 0;border-radius:6px'>"
                     for cid, alt in pictures)
    pixel = f"<img src='https://{tracked}/open.gif' width='1' height='1' alt=''>" if tracked else ""
    return f"""<!DOCTYPE html>
<html><head><meta charset='utf-8'><title>{escape(subject)}</title></head>
<body style='margin:0;font-family:sans-serif;color:#222;line-height:1.6'>
<div style='border-top:6px solid {colour};max-width:640px;padding:20px 24px'>
{paragraphs}
{table_of(table, colour) if table else ""}
{images}
<table style='margin-top:24px;border-top:1px solid #ddd;padding-top:12px;font-size:13px;color:#555'><tr>
<td><img src='cid:logo@{domain}' width='48' height='48' alt=''></td>
<td style='padding-left:12px'>{"<br>".join(escape(line) for line in signature)}</td>
</tr></table>
</div>{pixel}</body></html>
"""


def table_of(rows, colour):
    """A table with a header row; numbers stand at the right."""
    def cell(value):
        if isinstance(value, int):
            return f"<td style='border-bottom:1px solid #ddd;text-align:right'>{value:,}</td>"
        return f"<td style='border-bottom:1px solid #ddd'>{escape(value)}</td>"

    head, *others = rows
    titles = "".join(f"<th style='background:{colour};color:#fff;text-align:left'>{escape(title)}</th>" for title in head)
    lines = "".join(f"<tr>{''.join(map(cell, row))}</tr>\n" for row in others)
    return (f"<table cellpadding='8' style='border-collapse:collapse;margin:16px 0'><tr>{titles}</tr>\n{lines}</table>")
