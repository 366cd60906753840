"""Webhooks, verified by the reference implementation of Standard Webhooks, and mail to administrators by a real server."""

import base64
import itertools
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pages
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from company import free_port, wait_until
from person import Person
from standardwebhooks import Webhook, WebhookVerificationError

ADMINISTRATOR, JAPANESE = "ada@sakura.example", "kei@sakura.example"
NUMBERS = itertools.count()
PASSWORD = "hanami-2026-branch"


class Receiver:
    """Takes webhooks, in a manner that can be changed."""

    def __init__(self):
        self.taken, self.manner = [], 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((self.path, dict(self.headers), body))
                if receiver.manner == "silence":
                    time.sleep(120)
                    return
                self.send_response(receiver.manner)
                if receiver.manner == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/hook?key=canary"

    def events(self, secret):
        """What has come, each verified as its receiver is told to."""
        return [Webhook(secret).verify(body, headers) for _, headers, body in self.taken]

    def types(self, secret):
        return [event["type"] for event in self.events(secret)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Server:
    """A small organisation and its server, without a mail server of its own."""

    def __init__(self, directory, program, **settings):
        self.directory, self.program, self.settings = directory, program, settings
        directory.mkdir(parents=True)
        self.port, self.process = free_port(), None
        self.mailbox = directory / "mail.mbox"
        self.mailbox.write_text("From - Thu Jan  1 00:00:00 2026\nFrom: x@customer.example\nSubject: canary\n\nText\n\n")
        self.shell("init", "--organization", "桜", "--admin-email", ADMINISTRATOR, "--admin-name", "Ada, “A”",
                   "--password-stdin", input=PASSWORD + "\n")
        self.act("user", "add", "--email", JAPANESE, "--name", "佐藤 恵", "--locale", "ja", "--profile", "administrator")
        self.act("user", "add", "--email", "hana@sakura.example", "--name", "田中 花子", "--locale", "ja")

    @property
    def environment(self):
        return {**os.environ, "MAILKEEP_DATA": str(self.directory / "data"), "LC_ALL": "C.UTF-8",
                "MAILKEEP_ALLOW_MAIL_NETWORK": "127.0.0.0/8", "MAILKEEP_ALLOW_MAIL_PATH": str(self.directory),
                "MAILKEEP_SYNC_INTERVAL": "1", **self.settings}

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return (self.directory / "log").read_text()

    def shell(self, *arguments, input=None, check=True):
        done = subprocess.run([self.program, *arguments], input=input, env=self.environment, capture_output=True, text=True)
        assert not check or done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def act(self, *arguments, by=ADMINISTRATOR, **options):
        return self.shell(*arguments, "--as", by, **options)

    def read(self, *arguments):
        return json.loads(self.act(*arguments, "--json"))

    def add_webhook(self, url, *events):
        options = [option for event in events for option in ("--event", event)]
        return self.read("webhook", "add", "--url", url, *options)

    def set_mailbox(self, login="hana"):
        self.act("mailbox", "set", "--user", f"{login}@sakura.example", "--account-type", "mbox", "--address",
                 f"{login}@sakura.example", "--path", str(self.mailbox), "--sharing", "complete",
                 by=f"{login}@sakura.example")

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "--port", str(self.port)], env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: "serving pages" in self.log.rsplit("\nstopped", 1)[-1], what="the server")
        return self

    def stop(self, with_signal=signal.SIGTERM):
        if self.process:
            self.process.send_signal(with_signal)
            self.process.wait(60)
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def server(folder, program):
    with Server(folder / f"notifying-{next(NUMBERS)}", program) as server:
        yield server


def test_everything_that_happens_is_told_signed_and_without_content(server, receiver):
    webhook = server.add_webhook(receiver.url)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", webhook["secret"])
    server.set_mailbox()
    server.start()
    hana = ["--user", "hana@sakura.example"]
    server.act("lock", *hana)
    server.act("unlock", *hana)
    server.act("lock", *hana)
    server.mailbox.unlink()
    wait_until(lambda: "mailbox.needs_attention" in receiver.types(webhook["secret"]), what="the broken mailbox")
    time.sleep(4)  # Several further synchronisations fail.
    server.act("user", "deactivate", *hana, "--back-up", "--wait", check=False)
    wait_until(lambda: len(receiver.taken) >= 6, what="all events")
    types = receiver.types(webhook["secret"])
    assert sorted(types) == ["backup.failed", "mailbox.needs_attention", "user.deactivated", "user.locked",
                             "user.locked", "user.unlocked"]
    assert len({headers["webhook-id"] for _, headers, _ in receiver.taken}) == 6
    for path, headers, body in receiver.taken:
        assert path == "/hook?key=canary" and headers["Content-Type"] == "application/json"
        for word in ["canary", "customer", "hana", "花子", webhook["secret"]]:
            assert word.encode() not in body
    events = receiver.events(webhook["secret"])
    users = {user["email"].split("@")[0]: user["id"] for user in server.read("user", "list")["users"]}
    assert events[0]["data"] == {"locked_by": users["ada"], "user_id": users["hana"]}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", events[0]["timestamp"])
    failed = next(event for event in events if event["type"] == "backup.failed")
    assert failed["data"]["reason"] == "path" and failed["data"]["backup_kind"] == "backup"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(bytes(32)).decode()).verify(receiver.taken[0][2], receiver.taken[0][1])
    # Of its secret nothing stays readable.
    server.stop()
    for file in (server.directory / "data").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert webhook["secret"].encode() not in content and b"hook?key" not in content
    assert webhook["secret"] not in server.log and "hook?key" not in server.log
    log = server.read("webhook", "log")["deliveries"]
    assert {entry["status"] for entry in log if "webhook" in entry} == {"delivered"}


def test_failures_are_repeated_with_the_same_id_and_hold_up_nobody(server, receiver):
    slow, gone = Receiver(), Receiver()
    webhook, stalled, left = (server.add_webhook(one.url, "user.locked") for one in (receiver, slow, gone))
    receiver.manner, slow.manner, gone.manner = 500, "silence", 410
    server.set_mailbox()
    server.start()
    server.act("lock", "--user", "hana@sakura.example")
    wait_until(lambda: receiver.taken, what="the first attempt")
    receiver.manner = 302
    wait_until(lambda: len(receiver.taken) >= 2, what="the second attempt")
    first, second = receiver.taken[:2]
    assert first[1]["webhook-id"] == second[1]["webhook-id"] and first[2] == second[2]
    receiver.events(webhook["secret"])
    time.sleep(1)
    assert [path for path, _, _ in receiver.taken] == ["/hook?key=canary"] * 2  # No redirect is followed.
    entry = server.read("webhook", "log", "--webhook", webhook["id"])["deliveries"][0]
    assert (entry["status"], entry["attempts"], entry["answer"]) == ("pending", 2, 302)
    statuses = {one["id"]: one["status"] for one in server.read("webhook", "list")["webhooks"]}
    assert statuses == {webhook["id"]: "active", stalled["id"]: "active", left["id"]: "disabled"}
    server.act("unlock", "--user", "hana@sakura.example")
    server.act("lock", "--user", "hana@sakura.example")
    wait_until(lambda: len(receiver.taken) == 3, what="the next event")
    assert len(gone.taken) == 1 and len(slow.taken) <= 2
    gone.manner = 204  # A test that it takes makes it one that is told again.
    server.act("webhook", "test", left["id"])
    assert gone.types(left["secret"])[-1] == "webhook.test"
    assert {one["status"] for one in server.read("webhook", "list")["webhooks"]} == {"active"}
    server.act("webhook", "remove", left["id"])
    server.act("webhook", "test", left["id"], check=False)
    slow.close(), gone.close()


def test_a_kill_in_the_middle_loses_nothing(server, receiver):
    webhook = server.add_webhook(receiver.url)
    receiver.manner = "silence"
    server.set_mailbox()
    server.start()
    server.act("lock", "--user", "hana@sakura.example")
    wait_until(lambda: receiver.taken, what="the first attempt")
    server.stop(signal.SIGKILL)
    receiver.manner = 200
    server.act("unlock", "--user", "hana@sakura.example")  # Without a server.
    server.start()
    wait_until(lambda: len(receiver.taken) >= 3, what="both events")
    time.sleep(1)
    server.stop()
    server.start()
    time.sleep(2)
    assert receiver.types(webhook["secret"]) == ["user.locked", "user.locked", "user.unlocked"]
    ids = [headers["webhook-id"] for _, headers, _ in receiver.taken]
    assert ids[0] == ids[1] != ids[2]


def test_nothing_of_before_a_snapshot_is_told_after_it_was_restored(server, receiver):
    webhook = server.add_webhook(receiver.url)
    server.set_mailbox()
    server.act("lock", "--user", "hana@sakura.example")  # Nobody delivers it yet.
    file, data = server.directory / "snapshot", server.directory / "restored"
    server.act("snapshot", "--output", str(file), "--with-keys")
    server.shell("restore", str(file), "--data", str(data))
    server.settings["MAILKEEP_DATA"] = str(data)
    server.start()
    time.sleep(3)
    assert not receiver.taken
    assert server.read("webhook", "log")["deliveries"][0]["error"] == "restored"
    server.act("unlock", "--user", "hana@sakura.example")
    wait_until(lambda: receiver.taken, what="what happens from then on")
    assert receiver.types(webhook["secret"]) == ["user.unlocked"]


def test_only_administrators_and_only_allowed_networks(server, receiver):
    for arguments in [["add", "--url", receiver.url], ["list"], ["log"], ["test", "1"], ["remove", "1"]]:
        done = subprocess.run([server.program, "webhook", *arguments, "--as", "hana@sakura.example", "--json"],
                              env=server.environment, capture_output=True, text=True)
        assert done.returncode == 77 and "P1" in done.stdout + done.stderr, arguments
    server.settings["MAILKEEP_ALLOW_MAIL_NETWORK"] = ""
    refused = ["https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://[::1]/", "https://10.0.0.1/",
               "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", receiver.url]
    for url in refused + ["http://192.0.2.1/", "ftp://example.com/", "https://a:b@example.com/", "https:///x",
                          "https://example.com/#x", "https://exa mple.com/", "https://example.com:0/"]:
        done = subprocess.run([server.program, "webhook", "add", "--url", url, "--as", ADMINISTRATOR],
                              env=server.environment, capture_output=True, text=True)
        assert done.returncode == 64 or done.returncode == 1, (url, done)
    assert not receiver.taken
    # What was allowed once is checked again at the moment of connecting.
    server.settings["MAILKEEP_ALLOW_MAIL_NETWORK"] = "127.0.0.0/8"
    webhook = server.add_webhook(receiver.url)
    server.settings["MAILKEEP_ALLOW_MAIL_NETWORK"] = ""
    done = subprocess.run([server.program, "webhook", "test", webhook["id"], "--as", ADMINISTRATOR],
                          env=server.environment, capture_output=True, text=True)
    assert done.returncode == 69 and "network" in done.stdout and not receiver.taken


def another_free_port():
    """Of a range that the servers' own ports are none of."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Mails:
    """Keeps what it is sent; refuses recipients while it is told to."""

    def __init__(self):
        self.taken, self.refuses = [], False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuses:
            return "451 4.3.0 later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        is_secure = server.transport.get_extra_info("ssl_object") is not None
        self.taken.append((bool(session.authenticated), is_secure, envelope))
        return "250 OK"

    def messages(self):
        return {envelope.rcpt_tos[0]: message_from_bytes(envelope.content, policy=policy.default)
                for _, _, envelope in self.taken}


def certificate(folder):
    """A key and a certificate of 127.0.0.1, in one file."""
    file = folder / "mail.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                    folder / "mail.key", "-out", file], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, folder / "mail.key")
    return file, context


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_administrators_are_told_by_mail(server, security):
    file, context = certificate(server.directory)
    mails = Mails()

    def authenticate(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"mailkeep", b"smtp-canary"))

    class Door(Controller):
        def factory(self):
            return SMTP(self.handler, authenticator=authenticate, auth_required=security != "none",
                        auth_require_tls=security == "starttls", require_starttls=security == "starttls",
                        tls_context=context if security == "starttls" else None, enable_SMTPUTF8=False)

    door = Door(mails, hostname="127.0.0.1", port=another_free_port(), ssl_context=context if security == "tls" else None)
    door.start()
    try:
        server.settings.update({
            "MAILKEEP_SMTP_HOST": "127.0.0.1", "MAILKEEP_SMTP_PORT": str(door.port), "MAILKEEP_SMTP_SECURITY": security,
            "MAILKEEP_SMTP_FROM": "mailkeep@sakura.example", "MAILKEEP_PUBLIC_URL": "https://mail.sakura.example"})
        if security != "none":
            server.settings.update({"MAILKEEP_SMTP_CA_FILE": str(file), "MAILKEEP_SMTP_USERNAME": "mailkeep",
                                    "MAILKEEP_SMTP_PASSWORD": "smtp-canary"})
        server.set_mailbox()
        mails.refuses = security == "none"
        if mails.refuses:
            server.act("user", "add", "--email", "sota@sakura.example", "--name", "Sota", "--locale", "en")
            server.set_mailbox("sota")
        server.mailbox.unlink()
        server.start()
        if mails.refuses:
            wait_until(lambda: [entry for entry in server.read("webhook", "log")["deliveries"] if entry["attempts"]],
                       what="an attempt that failed")
            mails.refuses = False
            subjects = "2 mailboxes need attention", "2件のメールボックスの確認が必要です"
        else:
            subjects = "田中 花子's mailbox needs attention", "田中 花子さんのメールボックスの確認が必要です"
        wait_until(lambda: len(mails.taken) == 2, what="the mails")
        time.sleep(2)
        assert len(mails.taken) == 2  # Not at every further synchronisation that fails.
        for authenticated, is_secure, envelope in mails.taken:
            assert envelope.mail_from == "mailkeep@sakura.example"
            assert (authenticated, is_secure) == ((False, False) if security == "none" else (True, True))
            assert envelope.content.isascii()
            assert [line for line in envelope.content.splitlines() if len(line) > 78] == []
        told = mails.messages()
        english, japanese = told[ADMINISTRATOR], told[JAPANESE]
        assert (english["Subject"], japanese["Subject"]) == subjects
        assert security != "none" or ("Sota's mailbox" in english.get_content() and "花子" in english.get_content())
        assert english["To"].addresses[0].display_name == "Ada, “A”"
        assert "can't be synchronised" in english.get_content()
        assert japanese["To"].addresses[0].display_name == "佐藤 恵"
        assert "https://mail.sakura.example/settings/mail-addon-users" in japanese.get_content()
        for message in told.values():
            assert message["From"].addresses[0].addr_spec == "mailkeep@sakura.example"
            assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"] and message["Date"]
            assert sorted(message.keys()) == sorted(set(message.keys()))
        assert "smtp-canary" not in server.log
    finally:
        door.stop()


def test_mail_settings_that_cannot_be_used_are_told(server):
    for settings, name in [
            ({"HOST": "mail.example", "FROM": "nobody"}, "smtp.from"),
            ({"HOST": "mail example", "FROM": "a@sakura.example"}, "smtp.host"),
            ({"HOST": "mail.example", "FROM": "a@sakura.example", "SECURITY": "ssl"}, "smtp.security"),
            ({"HOST": "mail.example", "FROM": "a@sakura.example", "PORT": "70000"}, "smtp.port"),
            ({"HOST": "mail.example", "FROM": "a@sakura.example", "USERNAME": "a"}, "smtp.password"),
            ({"HOST": "mail.example", "FROM": "a@sakura.example", "USERNAME": "a", "PASSWORD": "b", "SECURITY": "none"},
             "smtp.security"),
            ({"FROM": "a@sakura.example"}, "smtp.host")]:
        environment = server.environment | {f"MAILKEEP_SMTP_{key}": value for key, value in settings.items()}
        done = subprocess.run([server.program, "serve", "--port", str(server.port)], env=environment,
                              capture_output=True, text=True, timeout=30)
        assert done.returncode != 0 and name in done.stderr, (settings, done)


def test_the_page(server, receiver, request, language):
    check = pages.checker(request, language, ["田中 花子", "佐藤 恵", "Ada, “A”"])
    server.set_mailbox()
    server.start()
    person = Person(server.address, language)
    try:
        person.sign_in(ADMINISTRATOR, PASSWORD)
        person.open("/settings/account")
        person.choose("locale", language)
        person.follow(person.find("form[action='/settings/account'] button"))
        person.open("/settings")
        person.follow(person.find("a[href='/settings/notifications']"))
        check(person, "notifications-empty")
        person.fill("url", "http://192.0.2.1/")
        person.follow(person.find("form[action='/settings/notifications'] button"))
        check(person, "notifications-refused")
        person.fill("url", receiver.url)
        person.follow(person.find("form[action='/settings/notifications'] button"))
        secret = person.find("input.link").get_attribute("value")
        check(person, "notifications-secret")
        person.follow(person.find("a.primary"))
        person.follow(person.find("form[action$='/test'] button"))
        assert receiver.types(secret) == ["webhook.test"]
        server.act("lock", "--user", "hana@sakura.example")
        wait_until(lambda: receiver.types(secret)[-1] == "user.locked", what="the event")
        receiver.manner = 503
        server.act("unlock", "--user", "hana@sakura.example")
        server.mailbox.unlink()
        wait_until(lambda: len(receiver.taken) > 4, what="attempts")
        person.reload()
        check(person, "notifications")
        receiver.manner = 410
        person.follow(person.find("form[action$='/test'] button"))
        check(person, "notifications-gone")
        person.follow(person.find("a[href$='/remove']"))
        check(person, "notifications-remove")
        person.follow(person.find("form[action$='/remove'] button"))
        person.reads("empty.webhooks")
    finally:
        person.leave()
