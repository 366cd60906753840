"""What is still to come, told while it comes: older mail that is linked, a backup that rests, a file that is uploaded."""

import datetime
import json
import os
import socketserver
import sqlite3
import threading

import pages
import pytest
from company import DOMAIN, NAMES, free_port, wait_until

USERS = "/settings/mail-addon-users"
INACTIVE = f"{USERS}?tab=inactive"
ADMIN = f"takahashi@{DOMAIN}"
LEAVER, LEAVER_NAME = f"kato@{DOMAIN}", "加藤 誠"
DATA = [*NAMES.values(), LEAVER_NAME, "さくら商事"]
# So many that the server is busy with them for a while.
ADDRESSES = 600_000


class ThrottlingServer(socketserver.ThreadingTCPServer):
    """A mail server that lets everybody sign in, and then asks to be left alone."""

    allow_reuse_address = daemon_threads = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            say = lambda line: self.wfile.write(f"{line}\r\n".encode())
            say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready")
            for line in self.rfile:
                tag, command = line.decode().split()[:2]
                if command.upper() == "LOGOUT":
                    say("* BYE")
                is_fine = command.upper() in ("AUTHENTICATE", "CAPABILITY", "LOGOUT", "NOOP", "ID", "ENABLE")
                say(f"{tag} OK done" if is_fine else f"{tag} NO [THROTTLED] slow down")

    def __init__(self):
        self.port = free_port()
        super().__init__(("127.0.0.1", self.port), self.Handler)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


@pytest.fixture(scope="module")
def mail_server():
    with ThrottlingServer() as server:
        yield server


@pytest.fixture(scope="module")
def admin(company, language):
    return company.person("takahashi", language)


@pytest.fixture
def check(request, language):
    return pages.checker(request, language, DATA)


# A backup that rests -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def resting(company, mail_server):
    """The id of a backup whose mail server asks to wait, and until when."""
    known = json.loads(company.shell("backup", "list", "--as", ADMIN, "--json"))["backups"]
    if not any(backup["user"]["name"] == LEAVER_NAME for backup in known):
        company.shell("user", "add", "--as", ADMIN, "--email", LEAVER, "--name", LEAVER_NAME, "--role", "営業",
                      "--password-stdin", input="kato-2026-x\n")
        company.shell("mailbox", "set", "--as", LEAVER, "--user", LEAVER, "--account-type", "imap", "--address", LEAVER,
                      "--sharing", "complete", "--host", "127.0.0.1", "--port", str(mail_server.port), "--security", "none",
                      "--username", "kato", "--password-stdin", input="any\n")
        company.shell("user", "deactivate", "--as", ADMIN, "--user", LEAVER, "--back-up")


def rests_until(company):
    """The moment until which the backup rests, as the shell tells it; it is left alone for a minute before."""
    for backup in json.loads(company.shell("backup", "list", "--as", ADMIN, "--json"))["backups"]:
        if backup["user"]["name"] == LEAVER_NAME:
            return backup["id"], backup.get("rests_until")
    return None, None


def shown(moment, person):
    """A moment as pages write it, in the browser's time zone."""
    time = datetime.datetime.fromisoformat(moment).astimezone()
    zone = person.script("return Intl.DateTimeFormat().resolvedOptions().timeZone")
    if zone:
        import zoneinfo
        time = time.astimezone(zoneinfo.ZoneInfo(zone))
    return time.strftime("%Y/%m/%d %H:%M") if person.language == "ja" else f"{time.day} {time:%b %Y, %H:%M}"


def test_a_backup_that_rests_says_why_and_when_it_goes_on(company, admin, resting, check):
    admin.open(INACTIVE)
    # The row is kept up to date by itself.
    admin.wait(150).until(lambda _: admin.words("fail.throttled") in admin.row(LEAVER_NAME).text)
    backup, until = rests_until(company)
    words = admin.words("st.rests", time=shown(until, admin))
    assert words in admin.row(LEAVER_NAME).text, admin.row(LEAVER_NAME).text
    assert admin.words("st.running") in admin.row(LEAVER_NAME).text
    check(admin, "list, a backup rests")
    admin.open(f"/settings/backups/{backup}")
    admin.reads("fail.throttled")
    admin.reads_text(words)
    check(admin, "backup that rests")
    text = company.shell("backup", "show", backup, "--as", ADMIN)
    assert until in text


# Lists ---------------------------------------------------------------------------------------------------------------


def test_an_action_leads_back_to_what_was_searched_for(admin):
    name = NAMES["ito"]
    admin.open(f"{USERS}?sharing=complete")
    admin.fill("q", "ito@")
    admin.follow(admin.find("form.search button"))
    asked = admin.path
    assert "q=ito" in asked and "sharing=complete" in asked
    admin.press(admin.words("btn.lock"), of=name)
    admin.press(admin.words("btn.close"))
    assert "q=ito" in admin.path and "sharing=complete" in admin.path
    for action, done in [("lock", "ok.lock"), ("unlock", "ok.unlock")]:
        admin.press(admin.words(f"btn.{action}"), of=name)
        admin.press(admin.words(f"btn.{action}"))
        admin.reads(done)
        assert "q=ito" in admin.path and "sharing=complete" in admin.path
        assert admin.find("[name=q]").get_attribute("value") == "ito@"
        assert len(admin.all("tbody tr")) == 1


# Uploads -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mailbox(folder):
    """An mbox file that takes a while to be sent."""
    path = folder / "left.mbox"
    mail = "From - Thu Jan  1 00:00:00 2026\nFrom: a@customer.example\nTo: b@sakura.example\nSubject: x\n\n" + "line\n" * 12000 + "\n"
    path.write_text(mail * 200)
    return path


def slowly(person, bytes_per_second):
    """Limits what the browser sends; it is true of pages that are opened afterwards, as the browser does so by the way."""
    person.cdp("Network.enable")
    person.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
               uploadThroughput=bytes_per_second)


def open_source(admin):
    admin.open(f"{INACTIVE}&q=watanabe")
    admin.press(admin.words("source.title"), of=NAMES["watanabe"])


def choose(person, path):
    person.find("input[type=file]").send_keys(str(path))


def upload(person):
    person.control(person.words("source.upload.button")).click()


def test_an_upload_shows_how_far_it_has_come(admin, mailbox, check):
    slowly(admin, 4_000_000)
    try:
        open_source(admin)
        check(admin, "upload")
        choose(admin, mailbox)
        upload(admin)
        admin.reads("source.upload.sending")
        bar = "progress"
        seen = set()
        admin.wait(30).until(lambda _: seen.add(float(admin.find(bar).get_attribute("value") or 0)) or len(seen) > 2)
        assert 0 < max(seen) < 1
        check(admin, "upload, at work")
        assert not admin.control(admin.words("source.upload.stop")).get_attribute("disabled")
    finally:
        slowly(admin, -1)
    admin.wait(120).until(lambda _: admin.path.startswith(INACTIVE))
    admin.reads("ok.source.upload", messages="200", folders="1")
    assert "q=watanabe" in admin.path
    open_source(admin)
    admin.reads("source.an_upload")
    admin.press(admin.words("source.detach"))
    admin.reads("ok.source.detach")


def test_an_upload_can_be_stopped_and_done_again(company, admin, mailbox):
    slowly(admin, 1_000_000)
    try:
        open_source(admin)
        choose(admin, mailbox)
        upload(admin)
        admin.reads("source.upload.sending")
        admin.control(admin.words("source.upload.stop")).click()
        admin.reads("source.upload.stopped")
    finally:
        slowly(admin, -1)
    assert admin.control(admin.words("source.upload.button")).is_enabled()
    uploads = company.directory / "data/uploads"
    wait_until(lambda: not os.listdir(uploads), what="the end of the stopped upload")
    upload(admin)
    admin.wait(120).until(lambda _: admin.path.startswith(INACTIVE))
    admin.reads("ok.source.upload", messages="200", folders="1")
    open_source(admin)
    admin.press(admin.words("source.detach"))


def test_what_is_sent_can_be_stopped_no_more(company, admin, folder):
    text = folder / "short.txt"
    text.write_text("Hello\n")
    open_source(admin)
    choose(admin, text)
    with company.paused_pages():
        upload(admin)
        admin.reads("source.upload.checking")
        assert not admin.find("[data-upload-stop]").is_displayed()
    admin.reads("err.upload_no_mail")


def test_what_cannot_be_used_is_told_in_place(admin, folder, check):
    text = folder / "letter.txt"
    text.write_text("Hello\n")
    open_source(admin)
    choose(admin, text)
    upload(admin)
    admin.reads("err.upload_no_mail")
    assert admin.path.split("?")[0].endswith("/source")
    check(admin, "upload, refused")


def test_without_javascript_a_file_is_uploaded_all_the_same(company, language, mailbox):
    person = company.person("takahashi", language, javascript=False)
    try:
        open_source(person)
        choose(person, mailbox)
        person.follow(person.control(person.words("source.upload.button")))
        person.reads("ok.source.upload", messages="200", folders="1")
        assert "q=watanabe" in person.path
        open_source(person)
        person.press(person.words("source.detach"))
    finally:
        company.leave(person)


# Older mail that is linked -------------------------------------------------------------------------------------------


def test_what_is_still_to_be_linked_is_told_until_it_is(company, admin, language, check):
    company.stop()
    # As when an organisation with many records lets tags count: every address is looked up again.
    database = sqlite3.connect(company.directory / "data/mailkeep.sqlite")
    many = ((bytes(8) + number.to_bytes(8, "big"),) for number in range(ADDRESSES))
    with database:
        database.executemany("INSERT INTO address_change (hash) VALUES (?)", many)
        database.execute("""
            INSERT OR IGNORE INTO address_change (hash) SELECT hash FROM record_address
            JOIN record ON record.key = record_address.record_key WHERE record.module = 'Contacts' AND record.id = 101
        """)
    database.close()
    company.start()
    admin, user = company.person("takahashi", language), company.person("tanaka", language)
    record = "/records/Contacts/101"
    user.open(record)
    user.reads("linking.looked_for")
    user.does_not_read("linking.done")
    check(user, "record, older mail is looked for")
    user.open("/records/Contacts/102").does_not_read("linking.looked_for")
    user.open(record)
    admin.open(USERS)
    admin.reads("linking.left")
    check(admin, "list, older mail is linked")
    first = admin.find("p[data-part]").text
    admin.wait(30).until(lambda _: admin.find("p[data-part]").text != first)
    admin.wait(240).until(lambda _: not admin.all("[data-live$=linking]"))
    admin.does_not_read("linking.left")
    user.reads("linking.done")
    check(user, "record, older mail was looked for")
    user.press(user.words("linking.reload"))
    user.does_not_read("linking.done")
    assert user.all(".mails li")
