"""What notices that a mail did something: a server that nothing may ever call, and a browser that tells all it does."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import websocket

from person import FLAGS

#: A name that no name server knows: the browser is told that it, and whatever is under it, is the canary.
HOST = "canary.invalid"

#: What a script says when it runs, and sets on its window.
MARK = "pwned"

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def script(number: str | int, url: str) -> str:
    """JavaScript that shows that it ran in every way there is.

    It has no blank, quotation mark, or `<`, `>` and `&`, so that it fits wherever HTML can hold a script.
    """
    call = url.replace("/", r"\/") + r"\/script-ran"
    return (
        f"console.log(/{MARK}-{number}/.source),self.__{MARK}=/{number}/.source,document.title=/{MARK}-{number}/.source,"
        f"fetch(/{call}/.source,{{mode:/no-cors/.source}}),self.alert(/{MARK}-{number}/.source)"
    )


@dataclass
class Call:
    """One connection: a request, or nothing but the connection."""

    at: float
    method: str = ""
    path: str = ""
    version: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    #: The first bytes, where they were no request: a handshake for TLS begins with 0x16.
    other: bytes = b""

    def __str__(self) -> str:
        if self.method:
            return f"{self.method} {self.headers.get('host', '')}{self.path}"
        return f"a connection with {self.other[:16]!r}" if self.other else "a connection without a request"

    @property
    def number(self) -> str:
        """The mail that the address of the request names."""
        return self.path.lstrip("/").split("/")[0].split("?")[0]


class Canary:
    """A server on this machine, from the moment it is made until it is closed.

    It notes each connection as soon as it is made, whether or not a request follows on it. What it answers is hostile
    too: its scripts, stylesheets, images and documents call again.
    """

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        #: Documents that are served as they are: path to content type and body.
        self.pages: dict[str, tuple[str, bytes]] = {}
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Canary:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        # Ends accept() too, which closing alone would not.
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def url(self, number: str | int) -> str:
        """Where the mail with this number would call, by name."""
        return f"http://{HOST}/{number}"

    def address(self, number: str | int) -> str:
        """The same, by address."""
        return f"http://127.0.0.1:{self.port}/{number}"

    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def forget(self) -> None:
        with self._lock:
            self._calls.clear()

    def requests(self) -> list[Call]:
        return [call for call in self.calls() if call.method]

    def wait_for_request(self, path: str, seconds: float) -> Call | None:
        end = time.monotonic() + seconds
        while True:
            for call in self.requests():
                if call.path == path:
                    return call
            if time.monotonic() > end:
                return None
            time.sleep(0.02)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            call = Call(at=time.monotonic())
            with self._lock:
                self._calls.append(call)
            threading.Thread(target=self._serve, args=(connection, call), daemon=True).start()

    def _serve(self, connection: socket.socket, call: Call) -> None:
        with connection:
            connection.settimeout(30)
            try:
                received = b""
                while b"\r\n\r\n" not in received and len(received) < 1 << 16:
                    more = connection.recv(1 << 14)
                    if not more:
                        break
                    received += more
                    if received[:1] < b"A" or received[:1] > b"Z":
                        break
                self._note(received, call)
                if call.method:
                    connection.sendall(self._answer(call))
            except OSError:
                pass

    def _note(self, received: bytes, call: Call) -> None:
        lines = received.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        with self._lock:
            if len(words) == 3 and words[2].startswith("HTTP/"):
                call.method, call.path, call.version = words
                for line in lines[1:]:
                    name, _, value = line.partition(":")
                    call.headers[name.lower()] = value.strip()
            else:
                call.other = received
            # A browser may keep a connection for a request that comes after it was forgotten.
            if received and not any(call is known for known in self._calls):
                self._calls.append(call)

    def _answer(self, call: Call) -> bytes:
        kind, body = self.pages.get(call.path) or self._hostile(call)
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            "Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (b"" if call.method == "HEAD" else body)

    def _hostile(self, call: Call) -> tuple[str, bytes]:
        url = self.url(call.number)
        code = script(call.number, url)
        name = call.path.split("?")[0].rsplit("/", 1)[-1]
        match name.rsplit(".", 1)[-1]:
            case "js":
                return "text/javascript", code.encode()
            case "css":
                return "text/css", f"body{{background:url({url}/from-stylesheet.gif)}}".encode()
            case "svg":
                image = f'<svg xmlns="http://www.w3.org/2000/svg"><script>{code}</script></svg>'
                return "image/svg+xml", image.encode()
            case "gif":
                return "image/gif", PIXEL
            case _:
                page = f'<!doctype html><link rel="icon" href="data:,"><title>canary</title><script>{code}</script>'
                return "text/html", page.encode()


class CommandFailed(Exception):
    """The browser refused a command."""


class TooLate(AssertionError):
    """What was waited for did not come."""


@dataclass(eq=False)
class Tab:
    """A page or a frame of its own process, as the browser tells of it."""

    session: str
    target: str
    type: str
    url: str
    opener: str | None
    #: Where it went, in order, without what is within it.
    visited: list[str] = field(default_factory=list)
    loads: int = 0


class Chromium:
    """A browser for which every name that no name server knows is the canary's, and that notes what runs in it."""

    #: Every other name is unknown to it, so that nothing else is asked for.
    NAMES = "MAP *.invalid 127.0.0.1:{port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

    def __init__(self, watcher: Canary, *flags: str) -> None:
        self._profile = Path(tempfile.mkdtemp(prefix="mailkeep-browser-profile."))
        self._process = subprocess.Popen(
            [
                "/usr/bin/chromium", *FLAGS, f"--user-data-dir={self._profile}", "--remote-debugging-port=0",
                f"--host-resolver-rules={self.NAMES.format(port=watcher.port)}",
                # Else a link is tried with https first.
                "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable", *flags, "about:blank",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        #: What ran or was said with the mark: console, dialogs, and scripts of the documents that are mail.
        self.signs: list[str] = []
        #: Every script that was read, by its address; those of commands have none.
        self.scripts: list[str] = []
        self.tabs: dict[str, Tab] = {}
        self._answers: dict[int, dict] = {}
        self._last = 0
        self._changed = threading.Condition(threading.RLock())
        try:
            self._socket = websocket.create_connection(self._address(), suppress_origin=True, timeout=60)
            self._socket.settimeout(None)
            threading.Thread(target=self._read, daemon=True).start()
            self.command("Target.setAutoAttach", **self._ATTACH)
            self.wait(lambda: any(tab.type == "page" for tab in self.tabs.values()), "the first tab")
        except BaseException:
            self.close()
            raise

    _ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _address(self) -> str:
        file = self._profile / "DevToolsActivePort"
        end = time.monotonic() + 60
        while not file.exists() or len(file.read_text().split()) < 2:
            assert self._process.poll() is None and time.monotonic() < end, "the browser did not start"
            time.sleep(0.05)
        port, path = file.read_text().split()[:2]
        return f"ws://127.0.0.1:{port}{path}"

    def post(self, method: str, session: str | None = None, **parameters: object) -> int:
        """Sends a command without waiting for what becomes of it."""
        with self._changed:
            self._last += 1
            number = self._last
            message = {"id": number, "method": method, "params": parameters}
            self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        return number

    def command(self, method: str, session: str | None = None, limit: float = 60, **parameters: object) -> dict:
        number = self.post(method, session, **parameters)
        answer = self.wait(lambda: self._answers.pop(number, None), method, limit)
        if "error" in answer:
            raise CommandFailed(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def evaluate(self, session: str, expression: str, limit: float = 60, as_user: bool = False) -> object:
        """The value of an expression in a page; one that is promised is waited for."""
        found = self.command("Runtime.evaluate", session, limit, expression=expression, returnByValue=True, awaitPromise=True,
                             userGesture=as_user)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, condition, what: str, limit: float = 60):
        """Waits until a condition gives something, and returns it; it is asked whenever the browser told something."""
        end = time.monotonic() + limit
        with self._changed:
            while not (found := condition()):
                left = end - time.monotonic()
                if left <= 0 or self._process.poll() is not None:
                    raise TooLate(f"{what} did not come within {limit} s")
                self._changed.wait(min(left, 1))
            return found

    def pages(self) -> list[Tab]:
        with self._changed:
            return [tab for tab in self.tabs.values() if tab.type == "page"]

    def window(self) -> Tab:
        """A further window, which is seen beside the others as they are."""
        target = self.command("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        return self.wait(lambda: next((tab for tab in self.tabs.values() if tab.target == target), None), "a window")

    def frames(self) -> list[Tab]:
        """Frames of a process of their own."""
        with self._changed:
            return [tab for tab in self.tabs.values() if tab.type == "iframe"]

    def others(self) -> list[Tab]:
        """Workers, and whatever else there may be."""
        with self._changed:
            return [tab for tab in self.tabs.values() if tab.type not in ("page", "iframe", "tab", "browser_ui")]

    def open(self, tab: Tab, url: str, limit: float = 60) -> None:
        """Goes to an address, and waits until its page has loaded."""
        loads = tab.loads
        gone = self.command("Page.navigate", tab.session, limit, url=url)
        assert "errorText" not in gone, f"{url}: {gone['errorText']}"
        self.wait(lambda: tab.loads > loads, f"the load of {url}", limit)

    def _read(self) -> None:
        while True:
            try:
                text = self._socket.recv()
            except (OSError, websocket.WebSocketException):
                return
            if not text:
                return
            message = json.loads(text)
            with self._changed:
                if "id" in message:
                    self._answers[message["id"]] = message
                else:
                    self._note(message["method"], message.get("params", {}), message.get("sessionId"))
                self._changed.notify_all()

    def _note(self, event: str, told: dict, session: str | None) -> None:
        tab = self.tabs.get(session or "")
        match event:
            case "Target.attachedToTarget":
                about, made = told["targetInfo"], told["sessionId"]
                self.tabs[made] = Tab(made, about["targetId"], about["type"], about["url"], about.get("openerId"))
                if about["type"] in ("page", "iframe"):
                    for method in ("Page.enable", "Runtime.enable", "Debugger.enable"):
                        self.post(method, made)
                if about["type"] == "page":
                    # As if each were looked at.
                    self.post("Emulation.setFocusEmulationEnabled", made, enabled=True)
                self.post("Target.setAutoAttach", made, **self._ATTACH)
                self.post("Runtime.runIfWaitingForDebugger", made)
            case "Target.detachedFromTarget":
                self.tabs.pop(told["sessionId"], None)
            case "Page.frameNavigated" if tab and "parentId" not in told["frame"] or tab and tab.target == told["frame"]["id"]:
                tab.visited.append(told["frame"]["url"])
            case "Page.loadEventFired" if tab:
                tab.loads += 1
            case "Page.javascriptDialogOpening":
                self.signs.append(f"dialog {told['message']}")
                self.post("Page.handleJavaScriptDialog", session, accept=True)
            case "Runtime.consoleAPICalled":
                text = " ".join(str(argument.get("value", "")) for argument in told["args"])
                if MARK in text:
                    self.signs.append(f"console {text}")
            case "Debugger.scriptParsed" if told["url"]:
                self.scripts.append(told["url"])
            case "Inspector.targetCrashed":
                self.signs.append(f"crash of {tab.url if tab else 'a page'}")
