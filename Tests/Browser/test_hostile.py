"""Opens hostile mails in a browser that notes everything: nothing of them may run, call, or lead anywhere by itself.

As a program it does the same with mails from a file: `test_hostile.py --program FILE --corpus FILE`. That is a list in
JSON whose entries have `html`.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import canary
import company as companies
import pytest
from hostile_mails import MAILS, HostileMail, Part

ADMINISTRATOR = "admin@example.com"
PASSWORD = "plum-tree-2026"
SENDER = "customer@customer.example"
RECORD = "/records/Contacts/1"
#: How long something hostile is given to happen after its page has loaded.
PATIENCE = 0.12

#: What becomes of a click.
OPENS, NOTHING = "opens a window", "leads nowhere"
#: Animations change attributes after any filter: alone, the mail's own window may go there; within our page nothing does.
ITSELF = "leads nowhere, or alone leads its own window there"
LINKS = {
    "plain": (OPENS, "<a id=plain href=$URL/plain>x</a>"),
    "without-scheme": (OPENS, "<A/ID='without-scheme'/HREF=$NET/without-scheme>x</A>"),
    "top": (OPENS, "<a id=top target=_top rel=opener href=$URL/top referrerpolicy=unsafe-url>x</a>"),
    "self": (OPENS, "<a\nid=self\ttarget=_self href=$URL/self>x</a>"),
    "parent": (OPENS, "<a target=_parent id=parent href=$URL/parent>x</a>"),
    "named": (OPENS, "<a target=named rel='opener' id=named href=$URL/named>x</a>"),
    "area": (OPENS, "<map name=m><area id=area-itself shape=default target=_top href=$URL/area></map><img id=area usemap=#m width=90 height=20>"),
    "graphics": (OPENS, "<svg width=90 height=20><a xlink:href=$URL/graphics target=_top><rect id=graphics width=90 height=20 /></a></svg>"),
    "target-animated": (
        ITSELF,
        "<svg width=90 height=20><a href=$URL/target-animated><set attributeName=target to=_top begin=0s />"
        "<rect id=target-animated width=90 height=20 /></a></svg>",
    ),
    "ping": (OPENS, "<a id=ping ping='$URL/pinged $IP/pinged' attributionsrc=$URL/source href=$URL/ping>x</a>"),
    "script": (NOTHING, "<a id=script href=javascript:$JS>x</a>"),
    "script-spelt-oddly": (NOTHING, "<a id=script-spelt-oddly href='\x01java\tscr\nipt&colon;$ENT'>x</a>"),
    "script-of-graphics": (
        NOTHING,
        "<svg width=90 height=20><a href=x><animate attributeName=href values=javascript:$JS begin=0s fill=freeze />"
        "<rect id=script-of-graphics width=90 height=20 /></a></svg>",
    ),
    "script-of-area": (
        NOTHING, "<map name=n><area shape=default href=javascript:$JS></map><img id=script-of-area usemap=#n width=90 height=20>",
    ),
    "vbscript": (NOTHING, "<a id=vbscript href='vbscript:$JS'>x</a>"),
    "data": (NOTHING, "<a id=data href='data:text/html,<script>$JS</script>'>x</a>"),
    "blob": (NOTHING, "<a id=blob href='blob:$URL/b'>x</a>"),
    "file": (NOTHING, "<a id=file href=file:///etc/hostname>x</a>"),
    "view-source": (NOTHING, "<a id=view-source href=view-source:$URL/source>x</a>"),
    "form": (NOTHING, "<form action=$URL/form target=_blank><button id=form>x</button></form>"),
    "button": (NOTHING, "<form id=f></form><button id=button form=f formaction=$URL/button formtarget=_blank>x</button>"),
    "image-button": (NOTHING, "<form action=$URL/image><input type=image id=image-button alt=x width=90 height=20></form>"),
    "handler": (NOTHING, "<p id=handler onclick=$JS onmousedown=$JS onpointerup=$JS>x</p>"),
    "mathematics": (ITSELF, "<math href=$URL/mathematics display=block><mtext id=mathematics>x</mtext></math>"),
}
CLICKED = HostileMail(
    "click", "every kind of link",
    "<style>[id]{font-size:20px}</style>" + "".join(f"<div>{html}</div>" for _, html in LINKS.values()),
)

#: What no mail of the others has: a real image that is shown, and its like under a false name.
PICTURED = HostileMail(
    "image", "an image of its own", "<img id=shown src=cid:pixel>", multipart="related",
    parts=(Part(canary.PIXEL, "image/gif", ("Content-ID: <pixel>",)),),
)


class SmallCompany:
    """An administrator and a customer, whose mails are hostile; served on this machine."""

    def __init__(self, folder: Path, program: str, mails: list[HostileMail], watcher: canary.Canary) -> None:
        self._program, self._folder = program, folder
        self._environment = {**os.environ, "MAILKEEP_DATA": str(folder / "data")}
        self.mails = mails
        inbox = folder / "Maildir"
        for name in ("cur", "new", "tmp"):
            (inbox / name).mkdir(parents=True)
        for number, mail in enumerate(mails, 1):
            message = mail.message(number, SENDER, ADMINISTRATOR, watcher)
            (inbox / "cur" / f"{1_700_000_000 + number}.M{number}.test:2,S").write_bytes(message)
        contact = folder / "contacts.csv"
        contact.write_text(f"Id,Owner,Name,Email\n1,{ADMINISTRATOR},Customer,{SENDER}\n")
        self._shell(
            "init", "--organization", "Example", "--admin-email", ADMINISTRATOR, "--admin-name", "Ada", "--locale", "en",
            "--password-stdin", given=PASSWORD,
        )
        me = ("--as", ADMINISTRATOR)
        mine = (*me, "--user", ADMINISTRATOR, "--allow-mail-path", str(folder))
        self._shell("import", *me, "records", str(contact), "--module", "Contacts")
        self._shell(
            "mailbox", "set", *mine, "--account-type", "maildir", "--path", str(inbox), "--address", ADMINISTRATOR,
            "--sharing", "complete",
        )
        self._shell("mailbox", "sync", *mine, "--wait")
        listed = json.loads(self._shell("records", "emails", *me, "--module", "Contacts", "--id", "1", "--json"))
        ids = {email["time"]: email["message_id"] for email in listed["Emails"]}
        #: The paths of the mails' pages, by number.
        self.paths = {
            number: f"{RECORD}/emails/{ids[time]}"
            for number, mail in enumerate(mails, 1)
            if (time := mail.sent(number).strftime("%Y-%m-%dT%H:%M:%SZ")) in ids
        }
        assert len(self.paths) == len(mails), f"only {len(self.paths)} of {len(mails)} mails are there"
        self.port = companies.free_port()
        with open(folder / "serve.log", "wb") as log:
            self._server = subprocess.Popen(
                [program, "serve", "--port", str(self.port)], env=self._environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log,
            )
        companies.wait_until(self._is_served, what="the server")

    def _shell(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run([self._program, *arguments], env=self._environment, input=f"{given}\n", capture_output=True, text=True)
        assert done.returncode == 0, f"{arguments[:2]}: {done.stderr}"
        return done.stdout

    def _is_served(self) -> bool:
        assert self._server.poll() is None, (self._folder / "serve.log").read_text()
        try:
            return self.get("/signin")[0] == 200
        except OSError:
            return False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._server.terminate()
        try:
            self._server.wait(30)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def get(self, path: str, cookies: str = "") -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Cookie": cookies} if cookies else {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


class Reader:
    """The administrator, who opens every mail, and says what came of it."""

    #: Frames tell when they have loaded only to those who listened before.
    LISTEN = "document.addEventListener('load',e=>{if(e.target.tagName==='IFRAME')self.__shown=true},true)"
    UNFOLD = """
        new Promise(done => {
            for (const part of document.querySelectorAll('details')) part.open = true
            const frame = document.querySelector('iframe')
            if (!frame) return done('there is no frame')
            frame.scrollIntoView()
            const look = () => self.__shown ? done('shown') : setTimeout(look, 5)
            look()
        })
        """

    def __init__(self, browser: canary.Chromium, company: SmallCompany, watcher: canary.Canary) -> None:
        self.browser, self.company, self.watcher = browser, company, watcher
        (self.tab,) = browser.pages()
        #: For the HTML of a mail alone.
        self.beside = browser.window()
        browser.command("Page.addScriptToEvaluateOnNewDocument", self.tab.session, source=self.LISTEN)
        browser.open(self.tab, f"{company.address}/signin")
        loads = self.tab.loads
        browser.evaluate(
            self.tab.session,
            f"document.querySelector('[name=email]').value={json.dumps(ADMINISTRATOR)};"
            f"document.querySelector('[name=password]').value={json.dumps(PASSWORD)};"
            "document.querySelector('form[action=\"/signin\"] button').click()",
        )
        browser.wait(lambda: self.tab.loads > loads, "the page after signing in")
        cookies = browser.command("Storage.getCookies")["cookies"]
        self.cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
        assert company.get(RECORD, self.cookies)[0] == 200, "nobody is signed in"
        self.tab.visited.clear()
        browser.scripts.clear()
        watcher.forget()

    def page(self, path: str) -> list[str]:
        """Opens a page of ours as it is."""
        self.browser.open(self.tab, self.company.address + path)
        return self._oddities(path, {self.tab: path})

    def mail(self, path: str) -> list[str]:
        """Opens a mail's page, its HTML unfolded, and its HTML alone."""
        alone = f"{path}/html"
        self.browser.open(self.tab, self.company.address + path)
        self.unfold()
        self.browser.open(self.beside, self.company.address + alone)
        return self._oddities(path, {self.tab: path, self.beside: alone})

    def unfold(self) -> None:
        shown = self.browser.evaluate(self.tab.session, self.UNFOLD)
        assert shown == "shown", shown

    def _oddities(self, path: str, opened: dict[canary.Tab, str]) -> list[str]:
        """All that should not have come of the pages that are open, and of frames with the mail in them."""
        time.sleep(PATIENCE)
        browser, own = self.browser, self.company.address
        told = [str(call) for call in self.watcher.calls()] + browser.signs
        told += [f"a script of {url}" for url in browser.scripts if not url.startswith(f"{own}/assets/")]
        told += [f"a window with {tab.url}" for tab in browser.pages() if tab not in (self.tab, self.beside)]
        told += [f"a {tab.type} of {tab.url}" for tab in browser.others()]
        self.watcher.forget()
        browser.signs.clear()
        browser.scripts.clear()
        expected = {tab: own + place for tab, place in opened.items()} | dict.fromkeys(browser.frames(), f"{own}{path}/html")
        for tab, address in expected.items():
            stands = browser.command("Target.getTargetInfo", targetId=tab.target)["targetInfo"]["url"]
            if {stands, *tab.visited} - {address, "about:blank"}:
                told.append(f"it went from {address} to {stands}, by {tab.visited}")
            if browser.evaluate(tab.session, f"String(self.__{canary.MARK})") != "undefined":
                told.append(f"a script ran in {stands}")
            tab.visited.clear()
        return [f"{path}: {line}" for line in told]


@pytest.fixture(scope="module")
def watcher():
    with canary.Canary() as watcher:
        yield watcher


@pytest.fixture(scope="module")
def hostile_company(folder, program, watcher):
    made = SmallCompany(folder / "hostile", program, [*MAILS, CLICKED, PICTURED], watcher)
    yield made
    made.stop()


@pytest.fixture
def reader(hostile_company, watcher):
    with canary.Chromium(watcher) as browser:
        yield Reader(browser, hostile_company, watcher)


def naive(mail: HostileMail, number: int, watcher: canary.Canary) -> bytes:
    """A mail as a careless program would show it: header, text and HTML without any care."""
    message = BytesParser(policy=policy.compat32).parsebytes(mail.message(number, SENDER, ADMINISTRATOR, watcher))
    values = [f"{name}: {make_header(decode_header(value))}" for name, value in message.items()]
    if mail.kind == "header" and mail.text:
        values.append(message.get_payload(0).get_payload(decode=True).decode())
    for part in message.walk():
        values += [part["Content-Disposition"] or ""]
    head = "".join(f'<div title="{value}">{value}</div>' for value in values) if mail.kind in ("header", "attachment") else ""
    return head.encode(errors="replace") + mail.body(number, watcher)


def unprotected(mails: list[HostileMail]) -> tuple[set[int], set[int]]:
    """The numbers of the mails that call, and of those whose scripts run, where they are served as they are."""
    with canary.Canary() as watcher, canary.Canary() as side, canary.Chromium(watcher) as browser:
        idle = [*browser.pages(), *(browser.window() for _ in range(3))]

        def show(number: int) -> None:
            mail, tab = mails[number - 1], idle.pop()
            charset = mail.charset if re.fullmatch(r"[\w-]+", mail.charset) else "utf-8"
            side.pages[f"/page/{number}"] = (f"text/html; charset={charset}", naive(mail, number, watcher))
            try:
                browser.open(tab, f"http://127.0.0.1:{side.port}/page/{number}", limit=4)
            except (canary.TooLate, canary.CommandFailed):
                pass
            time.sleep(PATIENCE)
            idle.append(tab)

        with ThreadPoolExecutor(len(idle)) as readers:
            list(readers.map(show, range(1, len(mails) + 1)))
        ran = [re.search(rf"(?:/page/|{canary.MARK}-)(\d+)$", told) for told in browser.signs + browser.scripts]
        called = {int(call.number) for call in watcher.requests() if call.number.isdecimal()}
        return called, {int(found[1]) for found in ran if found}


def test_the_same_mails_call_where_nothing_protects():
    """What the others find nothing of is there to be found."""
    called, ran = unprotected(MAILS)
    # A machine with much else to do may not come to all of them in time.
    for _ in range(3):
        if len(called) >= 60 and len(ran) >= 30:
            break
        more = unprotected(MAILS)
        called, ran = called | more[0], ran | more[1]
    kinds = Counter(mail.kind for number, mail in enumerate(MAILS, 1) if number in called | ran)
    print(f"unprotected, {len(called)} of {len(MAILS)} mails call, and scripts of {len(ran)} run: {dict(kinds)}")
    # More of them do on a machine that has nothing else to do; some wait for a click.
    assert len(called) >= 60
    assert len(ran) >= 30
    assert len([kind for kind, count in kinds.items() if count]) >= 12


def test_hostile_mails_do_nothing(reader):
    assert len(MAILS) >= 100
    told = []
    for number in range(1, len(MAILS) + 1):
        told += reader.mail(reader.company.paths[number])
    # Their senders, subjects and first words stand here too.
    for path in (RECORD, f"{RECORD}?page=2", f"{RECORD}?page=3", "/mail", "/mail?page=2", "/mail?page=3"):
        told += reader.page(path)
    time.sleep(1)
    told += [str(call) for call in reader.watcher.calls()]
    assert not told, "\n".join(told)


def click(reader: Reader, id: str, framed: bool) -> None:
    """Clicks on an element of the mail that is open, with a mouse."""
    browser, tab = reader.browser, reader.tab
    within = next(iter(browser.frames())) if framed else tab
    element = f"document.getElementById({json.dumps(id)})"
    browser.evaluate(within.session, f"{element}.scrollIntoView({{block:'nearest'}})")
    middle = "(({left,top,width,height})=>[left+Math.min(width/2,8),top+height/2])"
    x, y = browser.evaluate(within.session, f"{middle}({element}.getBoundingClientRect())")
    if framed:
        left, top = browser.evaluate(
            tab.session,
            "(frame=>{const {left,top}=frame.getBoundingClientRect();return [left+frame.clientLeft,top+frame.clientTop]})"
            "(document.querySelector('iframe'))",
        )
        x, y = x + left, y + top
    for type in ("mouseMoved", "mousePressed", "mouseReleased"):
        browser.command("Input.dispatchMouseEvent", tab.session, type=type, x=x, y=y, button="left", clickCount=1)


def opened(reader: Reader) -> list[canary.Tab]:
    """The windows that mail has opened."""
    return [tab for tab in reader.browser.pages() if tab not in (reader.tab, reader.beside)]


def is_elsewhere(browser: canary.Chromium, tab: canary.Tab) -> bool:
    """Whether a window shows the page that links lead to."""
    try:
        return browser.evaluate(tab.session, "document.title") == "elsewhere"
    except (canary.CommandFailed, AssertionError):
        return False


def outcome(reader: Reader, id: str, page: str) -> list[str]:
    """What is wrong with what came of a click; it closes the windows that were opened."""
    browser, watcher, told = reader.browser, reader.watcher, []
    address = f"/{len(MAILS) + 1}/{id}"
    kind = LINKS[id][0]
    if kind == OPENS and not watcher.wait_for_request(address, seconds=60):
        told.append("nothing was asked for")
    elif kind == OPENS:
        browser.wait(lambda: any(is_elsewhere(browser, tab) for tab in opened(reader)), "the page of the link")
    time.sleep(0.3)
    requests = watcher.requests()
    asked = [f"{call.method} {call.path}" for call in requests]
    if asked != ([f"GET {address}"] if kind == OPENS else []) and not (kind == ITSELF and asked == [f"GET {address}"]):
        told.append(f"asked for: {asked}")
    told += [f"{name}: {call.headers[name]}" for call in requests for name in ("referer", "cookie", "origin") if name in call.headers]
    told += browser.signs
    windows = opened(reader)
    # A scheme that leads nowhere may leave an empty window.
    led = [tab for tab in windows if tab.visited]
    if len(led) != (kind == OPENS):
        told.append(f"windows: {[tab.visited for tab in led]}")
    for tab in led:
        known = browser.evaluate(tab.session, "[String(self.opener), document.referrer, document.title]")
        if known != ["null", "", "elsewhere"]:
            told.append(f"the window knows {known}")
    for tab in (reader.tab, *browser.frames()):
        stands = browser.command("Target.getTargetInfo", targetId=tab.target)["targetInfo"]["url"]
        if stands.removesuffix("/html") != page.removesuffix("/html") and not (kind == ITSELF and tab is reader.tab):
            told.append(f"{page} became {stands}")
    for tab in windows:
        browser.command("Target.closeTarget", targetId=tab.target)
    browser.wait(lambda: len(browser.pages()) == 2, "the end of the windows")
    watcher.forget()
    browser.signs.clear()
    return [f"{id}: {line}" for line in told]


@pytest.mark.parametrize("framed", [True, False], ids=["in_its_page", "alone"])
def test_links_open_outside_or_do_nothing(reader, framed):
    browser, watcher = reader.browser, reader.watcher
    number = len(MAILS) + 1
    page = reader.company.address + reader.company.paths[number] + ("" if framed else "/html")
    for id in LINKS:
        watcher.pages[f"/{number}/{id}"] = ("text/html", b'<!doctype html><link rel="icon" href="data:,"><title>elsewhere</title>')
    told = []
    for id, (kind, _) in LINKS.items():
        if kind == ITSELF or id == next(iter(LINKS)):
            browser.open(reader.tab, page)
            if framed:
                reader.unfold()
        click(reader, id, framed)
        told += outcome(reader, id, page)
        if kind == ITSELF:
            browser.open(reader.tab, page)
            if framed:
                reader.unfold()
    assert not told, "\n".join(told)


def test_answers_that_hold_mail_say_how_to_treat_it(reader):
    """Decision 13: whatever a mail holds is only ever shown in a sandbox, or saved."""
    company, told = reader.company, []
    own = company.address

    def expect(path: str, **expected: str) -> tuple[http.client.HTTPMessage, bytes]:
        status, head, body = company.get(path, reader.cookies)
        usual = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
                 "X-DNS-Prefetch-Control": "off", "Cross-Origin-Opener-Policy": "same-origin"}
        for name, value in {**usual, **{name.replace("_", "-"): value for name, value in expected.items()}}.items():
            if head.get_all(name) != [value]:
                told.append(f"{path}: {name} is {head.get_all(name)}, not {value}")
        if status != 200:
            told.append(f"{path}: {status}")
        if head.get_all("Set-Cookie"):
            told.append(f"{path}: it sets a cookie")
        return head, body

    sandboxed = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        f"img-src {own}/inline/; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    saved = []
    for number, path in company.paths.items():
        _, page = expect(path, Content_Type="text/html; charset=utf-8")
        if b"/html" in page:
            expect(f"{path}/html", Content_Type="text/html; charset=utf-8", Content_Security_Policy=sandboxed, Referrer_Policy="no-referrer")
        saved += [unescape(found) for found in re.findall(rf'href="({path}/(?:attachments/[^"]*|raw))"', page.decode())]
    assert len([path for path in saved if "/attachments/" in path]) >= 20
    for path in saved:
        head, _ = expect(path, Content_Type="message/rfc822" if path.endswith("/raw") else "application/octet-stream")
        disposition = head["Content-Disposition"] or ""
        if not disposition.startswith("attachment;"):
            told.append(f"{path}: {disposition}")
        # What turns text around would show one ending, and save as another.
        shown = unquote(disposition.rpartition("''")[2])
        if any(ord(character) < 0x20 or character in "/\\\u202e\u202d\u2066\u2067\u2068" for character in shown):
            told.append(f"{path}: a name with {shown!r}")
    pictures = 0
    for number, path in company.paths.items():
        for image in set(re.findall(rb"/inline/[\w.~-]{40,}", company.get(f"{path}/html", reader.cookies)[2])):
            pictures += 1
            head, _ = expect(image.decode(), Content_Security_Policy="sandbox; default-src 'none'")
            if head["Content-Type"] not in ("image/png", "image/gif"):
                told.append(f"{path}: an image of the type {head['Content-Type']}")
            told += reader.page(image.decode())
    assert pictures >= 3, "no image is inline"
    assert not told, "\n".join(told)


def test_an_image_of_the_mail_itself_is_shown(reader):
    reader.mail(reader.company.paths[len(MAILS) + 2])
    width = reader.browser.evaluate(reader.beside.session, "document.getElementById('shown').naturalWidth")
    assert width == 1


def main() -> None:
    """Opens the mails of a file, and tells what came of them."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--program", required=True, help="the executable that is tested")
    parser.add_argument("--corpus", required=True, help="a list in JSON, of objects that have html")
    options = parser.parse_args()
    entries = json.loads(Path(options.corpus).read_text())
    elsewhere = re.compile(r"\b((?:https?|ftp|wss?):)?(//|\\\\)(?!www\.w3\.org)[\w.-]+\.[a-z]{2,}", re.IGNORECASE)
    mails = [
        HostileMail(entry.get("kind", ""), entry.get("name", ""), elsewhere.sub("$URL", entry["html"]).encode(errors="replace"))
        for entry in entries
    ]
    with companies.folder() as name, canary.Canary() as watcher:
        company = SmallCompany(Path(name) / "hostile", str(Path(options.program).resolve()), mails, watcher)
        odd: dict[int, list[str]] = {}
        try:
            with canary.Chromium(watcher) as browser:
                reader = Reader(browser, company, watcher)
                for number, path in company.paths.items():
                    try:
                        if told := reader.mail(path):
                            odd[number] = told
                    except (AssertionError, canary.CommandFailed) as problem:
                        odd[number] = [str(problem)]
                time.sleep(2)
                late = [str(call) for call in watcher.calls()]
        finally:
            company.stop()
    for number, told in odd.items():
        print(f"{number} {entries[number - 1].get('id', '')} {mails[number - 1].name!r}", *told, sep="\n  ")
    called, ran = unprotected(mails)
    print(f"unprotected, {len(called)} of {len(mails)} mails call, and scripts of {len(ran)} run")
    print(f"{len(mails)} mails, {len(mails) * 2} pages: {len(odd)} of them did something; {len(late)} late calls")
    sys.exit(bool(odd or late))


if __name__ == "__main__":
    main()
