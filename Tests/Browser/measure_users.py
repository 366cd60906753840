"""Measures the administrator's page of mail add-on users (goal F10: p99 within 50 ms with 5,000 users).

It makes a company of its own, with settings and backups written straight into its database, and serves it. Nothing else
should run on the machine meanwhile. With --pictures it also takes pictures of the page in a browser.
"""

import argparse
import base64
import http.client
import os
import re
import sqlite3
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import canary
import company as companies

ADMINISTRATOR = "admin@example.com"
PASSWORD = "plum-tree-2026"
PAGE = "/settings/mail-addon-users"
DAY = 86_400_000
FAMILIES = "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 Smith Garcia Müller".split()
GIVEN = "花子 太郎 美咲 直樹 恵 Anna José Li".split()


def shell(program: str, environment: dict[str, str], *arguments: str, given: str = "") -> None:
    subprocess.run([program, *arguments], env=environment, input=f"{given}\n", text=True, check=True, capture_output=True)


def fill(folder: Path, program: str, environment: dict[str, str], users: int) -> None:
    """Makes the company: half of its users have left, and most of those are backed up."""
    shell(
        program, environment, "init", "--organization", "Example", "--admin-email", ADMINISTRATOR, "--admin-name", "Ada",
        "--locale", "en", "--password-stdin", given=PASSWORD,
    )
    rows = [
        f"user{number}@example.com,{FAMILIES[number % len(FAMILIES)]} {GIVEN[number % len(GIVEN)]} {number},standard"
        for number in range(1, users + 1)
    ]
    file = folder / "users.csv"
    file.write_text("\n".join(["Email,Name,Profile", *rows]) + "\n")
    shell(program, environment, "import", "--as", ADMINISTRATOR, "users", str(file))

    now = time.time_ns() // 1_000_000
    database = sqlite3.connect(folder / "data/mailkeep.sqlite")
    with database:
        found = database.execute("SELECT id, email FROM user WHERE email <> ? ORDER BY id", (ADMINISTRATOR,)).fetchall()
        for index, (user, email) in enumerate(found):
            has_left = index % 2 == 1
            if has_left:
                left = now - (index % 900 + 1) * DAY
                database.execute("UPDATE user SET status = 'inactive', deactivated_at = ? WHERE id = ?", (left, user))
            # They are not due before the measurement ends.
            mailbox = database.execute(
                "INSERT INTO mailbox (user_id, address, normalized_address, domain, last_sync_at, covered_until)"
                " VALUES (?, ?, ?, 'example.com', ?, ?)",
                (user, email, email, now, now),
            ).lastrowid
            locked_at = now - index * 1000 if index % 5 < 2 else None
            database.execute(
                "INSERT INTO mail_addon (user_id, mailbox_id, account_type, host, port, security, sharing, locked_by,"
                " locked_at, saved_at) VALUES (?, ?, ?, 'imap.example.com', 993, 'tls', ?, ?, ?, ?)",
                (
                    user, mailbox, ("imap", "gmail", "microsoft365")[index % 3], ("complete", "record_level")[index % 7 == 0],
                    1 if locked_at else None, locked_at, now - 30 * DAY,
                ),
            )
            kinds = ["backup", "latest_backup"][: index % 3] if has_left else []
            for kind in kinds:
                database.execute(
                    "INSERT INTO backup (user_id, kind, status, mailbox_id, domain, requested_by, requested_at, started_at,"
                    " ended_at, covered_until, source, folders_done, folders, found, stored, bytes, messages, added,"
                    " message_bytes) VALUES (?, ?, 'completed', ?, 'example.com', 1, ?, ?, ?, ?, 'mailbox', 8, 8, ?, ?, ?, ?,"
                    " ?, ?)",
                    (user, kind, mailbox, *[now - DAY] * 4, *[index, index, index * 9000, index, index, index * 9000]),
                )
    database.close()


def processor_time(process: subprocess.Popen) -> float:
    """Milliseconds that a process has computed, which other work on the machine changes little."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def signed_in(port: int) -> str:
    """The cookies of the administrator."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def cookies(answer: http.client.HTTPResponse) -> str:
        return "; ".join(line.partition(";")[0] for line in answer.headers.get_all("Set-Cookie") or [])

    connection.request("GET", "/signin")
    answer = connection.getresponse()
    token = re.search(r'name="form_token" value="([^"]+)"', answer.read().decode())
    assert token
    fields = {"form_token": token[1], "email": ADMINISTRATOR, "password": PASSWORD}
    head = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies(answer)}
    connection.request("POST", "/signin", urlencode(fields), head)
    answer = connection.getresponse()
    answer.read()
    assert answer.status in (302, 303), answer.status
    return cookies(answer)


def measured(port: int, cookies: str, path: str, requests: int, clients: int) -> tuple[list[float], int, float]:
    """Milliseconds of every request in order of size, bytes of the page, and requests a second."""
    times: list[float] = []
    sizes: set[int] = set()
    problems: list[str] = []

    def ask(count: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for index in range(-3, count):
            began = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": cookies})
            answer = connection.getresponse()
            body = answer.read()
            if index >= 0:
                times.append((time.perf_counter() - began) * 1000)
                sizes.add(len(body))
            if answer.status != 200 or b'<tr data-part' not in body:
                problems.append(f"{path}: {answer.status}, {len(body)} bytes")
                return

    threads = [threading.Thread(target=ask, args=(requests // clients,)) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    assert not problems, problems
    return sorted(times), max(sizes), len(times) / took


def pictures(port: int, folder: Path) -> None:
    """What the page looks like, and how long a browser takes for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with canary.Canary() as watcher, canary.Chromium(watcher, "--window-size=1280,900") as browser:
        (tab,) = browser.pages()
        for cookie in signed_in(port).split("; "):
            name, _, value = cookie.partition("=")
            browser.command("Network.setCookie", tab.session, name=name, value=value, url=f"http://127.0.0.1:{port}/")
        for name, query, width in [
            ("active", "", 1280), ("inactive", "?tab=inactive", 1280), ("page-50", "?page=50", 1280), ("search", "?q=user42", 1280),
            ("narrow", "?tab=inactive", 390),
        ]:
            browser.command(
                "Emulation.setDeviceMetricsOverride", tab.session, width=width, height=900, deviceScaleFactor=1,
                mobile=width < 500,
            )
            began = time.perf_counter()
            browser.open(tab, f"http://127.0.0.1:{port}{PAGE}{query}")
            took = (time.perf_counter() - began) * 1000
            nodes = browser.evaluate(tab.session, "document.querySelectorAll('*').length")
            height, wide = browser.evaluate(tab.session, "[document.body.scrollHeight, document.documentElement.scrollWidth]")
            picture = browser.command("Page.captureScreenshot", tab.session, captureBeyondViewport=True)
            (folder / f"users-{name}.png").write_bytes(base64.b64decode(picture["data"]))
            print(f"picture {name}: {took:.0f} ms until it had loaded, {nodes} elements, {wide} × {height}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the executable that is measured, optimised")
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--requests", type=int, default=500, help="of every page")
    parser.add_argument("--pictures", help="a folder for pictures")
    options = parser.parse_args()
    program = str(Path(options.program).resolve())
    last = max(1, min(50, options.users // 2 // 50))
    pages = {
        "active": "", "active, page 50": f"?page={last}", "inactive": "?tab=inactive",
        "inactive, page 50": f"?tab=inactive&page={last}", "search": "?q=user42", "search for a name": f"?{urlencode({'q': '田中'})}",
        "sort by last sync": "?sort=-last_sync", "inactive, sort by size": "?tab=inactive&sort=-messages",
        "inactive, only locked": "?tab=inactive&lock=locked",
    }
    with tempfile.TemporaryDirectory(prefix="mailkeep-users.") as name:
        folder = Path(name)
        environment = {**os.environ, "MAILKEEP_DATA": str(folder / "data"), "MAILKEEP_LOG_LEVEL": "warning"}
        fill(folder, program, environment, options.users)
        port = companies.free_port()
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen(
                [program, "serve", "--port", str(port), "--sync-interval", "86400"], env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )
        try:
            cookies = companies.wait_until(lambda: attempt(port), what="the server")
            print(f"{options.users} users, {options.requests} requests of each page; "
                  f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
            print(f"{'page':24} {'clients':>7} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'a second':>9} {'CPU ms':>7} {'KiB':>6}", flush=True)
            for clients in (1, 8):
                for title, query in pages.items():
                    before = processor_time(server)
                    times, size, rate = measured(port, cookies, PAGE + query, options.requests, clients)
                    computed = (processor_time(server) - before) / (len(times) + 3 * clients)
                    shown = [times[min(len(times) - 1, int(len(times) * part))] for part in (0.5, 0.95, 0.99)]
                    columns = " ".join(f"{value:8.1f}" for value in shown)
                    print(f"{title:24} {clients:7} {columns} {rate:9.1f} {computed:7.1f} {size / 1024:6.0f}", flush=True)
            if options.pictures:
                pictures(port, Path(options.pictures))
        finally:
            server.terminate()
            server.wait(60)


def attempt(port: int) -> str | None:
    try:
        return signed_in(port)
    except OSError:
        return None


if __name__ == "__main__":
    main()
