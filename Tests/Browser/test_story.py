"""The main story, as people click it: somebody's settings are locked, they leave, and their colleagues read on.

Each test goes on where the one before it ended.
"""

import base64
import email
import email.policy
import hashlib
import io
import json
import zipfile

import pytest
from company import NAMES
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

USERS = "/settings/mail-addon-users"
INACTIVE = f"{USERS}?tab=inactive"
OWN = "/settings/mail-addon"
YAMADA, CARTER, OGAWA = NAMES["yamada"], NAMES["carter"], NAMES["ogawa"]
QUOTE = "お見積書 (60周年記念トートバッグ)"
RECORD = "/records/Contacts/101"


@pytest.fixture(scope="module")
def story(copies, language):
    with copies.copy() as company:
        yield Story(company, language)


class Story:
    """The people, each of whom signs in when they first come in."""

    def __init__(self, company, language):
        self.company, self.language, self.present = company, language, {}

    def __getattr__(self, login):
        if login not in self.present:
            self.present[login] = self.company.person(login, self.language)
        return self.present[login]

    def leave(self, login):
        self.company.leave(self.present.pop(login))

    def mails_on_disk(self):
        """The leaver's mails as the mail server holds them: their bytes, and what they say."""
        for path in (self.company.directory / "mail/yamada").rglob("*"):
            if path.is_file() and path.parent.name in ("cur", "new"):
                content = path.read_bytes()
                yield content, email.message_from_bytes(content, policy=email.policy.default)

    def quote_on_disk(self):
        return next((content, message) for content, message in self.mails_on_disk() if message["Subject"] == QUOTE)


def details(person):
    """The cell with the details of Yamada's backup."""
    return person.row(YAMADA).find_element(By.CSS_SELECTOR, "td:has(.status)")


def wait_until_done(person):
    """Waits until the backup is told to be completed, without a reload."""
    person.wait(120).until(lambda _: person.words("st.done") in details(person).text)


def test_the_successor_cannot_see_the_leavers_mail_yet(story):
    tanaka = story.tanaka.open(RECORD)
    assert tanaka.status == 200
    tanaka.reads_text("佐藤 健")
    assert QUOTE not in tanaka.text.split("\n"), "Yamada has never shared this record's mail"


def test_an_administrator_locks_the_leavers_settings(story):
    admin = story.takahashi.open("/settings")
    admin.press(admin.words("addon.title"))
    admin.reads("menu.page")
    admin.reads("tab.active", n=6)
    admin.press(admin.words("btn.lock"), of=YAMADA)
    admin.reads("dlg.lock", user=YAMADA)
    admin.press(admin.words("btn.lock"))
    admin.reads("ok.lock")
    locked = admin.row_text(YAMADA)
    assert NAMES["takahashi"] in locked, locked
    admin.reads("lock.on", admin=NAMES["takahashi"])


def test_the_leavers_settings_are_read_only_and_say_why(story):
    yamada = story.yamada.open("/settings")
    yamada.press(yamada.words("settings.own"))
    yamada.reads("no.L2")
    yamada.reads("lock.on", admin=NAMES["takahashi"])
    yamada.reads("share.record")
    assert not yamada.all("[name=sharing], [name=address], [name=host]"), "nothing of the settings can be changed"


def test_locked_settings_can_be_saved_unchanged(story):
    yamada = story.yamada.open(OWN)
    yamada.press(yamada.words("own.unchanged"))
    yamada.reads("ok.save")


def test_a_forged_form_cannot_change_locked_settings(story):
    yamada = story.yamada.open(OWN)
    port = (story.company.directory / "mail-port").read_text().strip()
    yamada.send(OWN, account_type="imap", address="yamada@sakura.example", host="127.0.0.1", port=port, security="tls",
                username="yamada", sharing="private")
    assert yamada.status == 403
    yamada.reads("no.L2")
    yamada.open(OWN).reads("share.record")
    yamada.open("/records/Contacts/102").send("/records/Contacts/102/unshare")
    yamada.reads("no.L2")
    yamada.open("/records/Contacts/102").reads("record.is_shared")


def test_a_locked_user_may_share_a_record_and_not_take_it_back(story):
    yamada = story.yamada.open("/records/Contacts/103")
    yamada.press(yamada.words("record.share"))
    yamada.reads("ok.share")
    assert not yamada.control(yamada.words("record.unshare")).is_enabled()
    yamada.reads("no.L2")


def test_where_a_backup_would_be_refused_its_choice_says_why(story):
    admin = story.takahashi.open(USERS)
    admin.press(admin.words("btn.deactivate"), of=OGAWA)
    admin.reads("dlg.deactivate", user=OGAWA)
    admin.reads("dlg.deactivate.opt")
    assert not admin.find("[name=back_up]").is_enabled()
    assert not admin.find("[name=back_up]").is_selected()
    admin.reads("no.B4", domain="sakura-group.example", own="sakura.example")
    ogawa = admin.id_of(OGAWA)
    admin.send(f"/settings/users/{ogawa}/deactivate", back_up="yes")
    assert admin.status == 403
    admin.reads("no.B4", domain="sakura-group.example", own="sakura.example")
    admin.open(USERS).row(OGAWA)
    admin.press(admin.words("btn.deactivate"), of=CARTER)
    admin.reads("no.B3")
    assert not admin.find("[name=back_up]").is_enabled()


def test_an_administrator_deactivates_the_leaver_with_a_backup(story):
    admin = story.takahashi.open(USERS)
    admin.press(admin.words("btn.deactivate"), of=YAMADA)
    admin.reads("dlg.deactivate", user=YAMADA)
    admin.reads("dlg.deactivate.opt")
    assert admin.find("[name=back_up]").is_selected()
    story.company.pause_mail()  # So that the backup is seen while it is at work.
    admin.press(admin.words("btn.deactivate"))
    admin.reads("ok.deactivate")
    admin.reads("ok.backup")
    admin.reads("tab.inactive", n=2)


def test_a_deactivated_user_is_out_at_once_and_cannot_sign_in(story):
    yamada = story.yamada.open("/mail")
    assert yamada.path.startswith("/signin"), "the session has ended"
    yamada.sign_in("yamada@sakura.example", "not the password")
    yamada.reads("err.bad_sign_in")
    yamada.does_not_read("no.U1")
    yamada.sign_in("yamada@sakura.example", "hanami-2026")
    yamada.reads("no.U1")
    story.leave("yamada")


def test_nobody_sees_a_backup_that_is_at_work(story):
    assert QUOTE not in story.tanaka.open(RECORD).text.split("\n")


def test_a_backup_at_work_is_refused_once_more_and_told_as_running(story):
    admin = story.takahashi.open(INACTIVE)
    at_work = [admin.words("st.waiting"), admin.words("st.running")]
    told = admin.steadily(lambda: details(admin).text)
    assert any(words in told for words in at_work), told
    admin.unfold(admin.words("addon.refused", n=admin.row_text(YAMADA).split("(")[-1].split(")")[0]), of=YAMADA)
    admin.reads("no.running")
    admin.send(f"{USERS}/{admin.id_of(YAMADA)}/backup")
    admin.reads("no.running")


def test_progress_and_completion_are_shown_live(story):
    admin = story.takahashi.open(INACTIVE)
    admin.script("window.stayed = true")
    story.company.resume_mail()
    wait_until_done(admin)
    assert admin.script("return window.stayed") is True, "the page was not reloaded"
    admin.reload()
    assert admin.words("st.done") in details(admin).text
    row = admin.row_text(YAMADA)
    assert NAMES["takahashi"] in row and "yamada@sakura.example" in row, row


def test_a_completed_backup_is_not_taken_again_but_as_the_latest(story):
    admin = story.takahashi.open(INACTIVE)
    admin.send(f"{USERS}/{admin.id_of(YAMADA)}/backup")
    admin.reads("no.done")


def test_the_successor_reads_the_leavers_mail_on_the_record(story):
    tanaka = story.tanaka.open("/records/Contacts")
    tanaka.fill("q", "佐藤")
    tanaka.press(tanaka.words("filter.button"))
    tanaka.press("佐藤 健")
    tanaka.reads("mail.from_backup", user=YAMADA)
    tanaka.press(QUOTE)
    assert tanaka.status == 200
    tanaka.reads_text("単価は840円 (税別)、版代はサービスとさせていただきました。")


def test_a_mail_says_why_it_can_be_seen(story):
    tanaka = story.tanaka
    tanaka.unfold(tanaka.words("message.why"))
    tanaka.reads("ground.backup", user=YAMADA, address="yamada@sakura.example")
    tanaka.reads("opened.shared")


def test_a_downloaded_attachment_has_the_right_bytes(story):
    tanaka = story.tanaka
    _, message = story.quote_on_disk()
    expected = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    assert len(expected) == 2
    shown = {link.text: link.get_attribute("href") for link in tanaka.all(".attachments a")}
    assert set(expected) <= set(shown)
    for name, content in expected.items():
        status, headers, bytes = tanaka.get(shown[name].removeprefix(tanaka.address))
        assert (status, bytes) == (200, content)
        assert headers["Content-Disposition"].startswith("attachment;")


def test_the_raw_source_equals_the_bytes_on_the_mail_server(story):
    tanaka = story.tanaka
    tanaka.unfold(tanaka.words("message.source"))
    link = tanaka.find("a[href$='/raw']").get_attribute("href")
    status, _, content = tanaka.get(link.removeprefix(tanaka.address))
    assert status == 200
    assert content == story.quote_on_disk()[0]


def test_who_is_not_associated_cannot_tell_forbidden_from_absent(story):
    message = story.tanaka.path
    carter = story.carter.open(RECORD)
    assert carter.status == 404
    carter.reads("no.V1")
    assert "佐藤" not in carter.text
    attachment = story.tanaka.find(".attachments a").get_attribute("href").removeprefix(carter.address)
    for forbidden in [RECORD, message, f"{message}/html", f"{message}/raw", attachment]:
        absent = forbidden.replace("/101", "/999101")
        answers = [carter.get(path) for path in (forbidden, absent)]
        assert answers[0][0] == answers[1][0] == 404
        assert answers[0][2] == answers[1][2], forbidden
    carter.open("/records/Contacts?q=佐藤")
    carter.reads("records.empty")
    story.leave("carter")


def test_an_inline_image_shows_in_the_sandboxed_frame(story):
    tanaka = story.tanaka.open(RECORD)
    links = [link.get_attribute("href").removeprefix(tanaka.address) for link in tanaka.all(".mails .subject")]
    tanaka.open(next(link for link in links if b"<img" in tanaka.get(f"{link}/html")[2]))
    tanaka.unfold(tanaka.words("message.html"))
    frame = tanaka.find("iframe.message-html")
    assert "allow-scripts" not in frame.get_attribute("sandbox")
    assert "allow-same-origin" not in frame.get_attribute("sandbox")
    tanaka.script("arguments[0].scrollIntoView()", frame)
    tanaka.driver.switch_to.frame(frame)
    try:
        image = tanaka.find("img[width='48']")
        tanaka.wait().until(lambda _: image.get_property("naturalWidth") == 48)
        source = image.get_attribute("src")
    finally:
        tanaka.driver.switch_to.default_content()
    status, headers, content = tanaka.get(source.removeprefix(tanaka.address))
    assert (status, headers["Content-Type"]) == (200, "image/png")
    assert content in [part.get_content() for _, message in story.mails_on_disk() for part in message.walk()
                       if part.get_content_type() == "image/png"]


def test_the_backup_can_be_verified_and_exported(story):
    admin = story.takahashi.open(INACTIVE)
    admin.follow_details(YAMADA)
    admin.reads("backup.title", user=YAMADA)
    admin.press(admin.words("btn.verify"))
    admin.reads("ok.verify")
    admin.reads("backup.read")
    export = admin.control(f'{admin.words("btn.export")} (EML)').get_attribute("href").removeprefix(admin.address)
    status, headers, content = admin.get(export)
    assert status == 200 and headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        mails = [archive.read(name) for name in archive.namelist() if name.endswith(".eml")]
    assert story.quote_on_disk()[0] in mails
    export = admin.control(f'{admin.words("btn.export")} (mbox)').get_attribute("href").removeprefix(admin.address)
    status, headers, content = admin.get(export)
    assert status == 200 and headers["Content-Type"] == "application/mbox"
    assert content.startswith(b"From ") and content.endswith(b"--=_mailkeep_export--\r\n\r\n")
    admin.unfold(admin.words("backup.proof"))
    key = admin.control(admin.words("backup.key.download")).get_attribute("href").removeprefix(admin.address)
    status, _, content = admin.get(key)
    assert status == 200 and content.startswith(b"-----BEGIN PUBLIC KEY-----")
    fingerprint = hashlib.sha256(base64.b64decode(content.split(b"\n")[1])).hexdigest()
    assert fingerprint in admin.text
    manifest = admin.control(admin.words("backup.manifest")).get_attribute("href").removeprefix(admin.address)
    status, _, content = admin.get(manifest)
    assert status == 200 and json.loads(content)


def test_latest_backup_needs_a_tick(story):
    admin = story.takahashi.open(INACTIVE)
    admin.press(admin.words("btn.latest"))
    admin.reads("no.select")


def test_several_are_ticked_and_each_is_decided_by_itself(story):
    admin = story.takahashi
    deactivate(admin, CARTER)
    admin.tick(YAMADA)
    admin.tick(CARTER)
    admin.follow(admin.find("button[name=action][value=latest_backup]"))
    admin.reads("ok.latest", ok=1, ng=1)
    admin.reads_text(f"{YAMADA}: {admin.words('ok.backup')}")
    admin.reads_text(f"{CARTER}: {admin.words('no.N4')}")
    wait_until_done(admin)


def test_after_a_reactivation_a_latest_backup_waits_for_the_settings(story):
    admin = story.takahashi.open(INACTIVE)
    activate(admin, YAMADA)
    deactivate(admin, YAMADA, backup_refusal="no.N3")
    admin.open(INACTIVE)
    latest = admin.words("btn.latest")
    assert not admin.control(latest, of=YAMADA).is_enabled()
    assert admin.words("no.N3") in admin.row_text(YAMADA)
    admin.tick(YAMADA)
    admin.follow(admin.find("button[name=action][value=latest_backup]"))
    admin.reads("ok.latest", ok=0, ng=1)
    admin.reads_text(f"{YAMADA}: {admin.words('no.N3')}")


def test_saving_the_locked_settings_unchanged_makes_way_for_it(story):
    admin = story.takahashi.open(INACTIVE)
    activate(admin, YAMADA)
    yamada = story.yamada.open(OWN)
    yamada.press(yamada.words("own.unchanged"))
    yamada.reads("ok.save")
    story.leave("yamada")
    deactivate(admin, YAMADA)
    admin.press(admin.words("btn.latest"), of=YAMADA)
    admin.reads("ok.backup")
    wait_until_done(admin)


def test_the_settings_of_who_has_left_can_be_unlocked(story):
    admin = story.takahashi.open(INACTIVE)
    admin.press(admin.words("btn.unlock"), of=YAMADA)
    admin.reads("dlg.unlock", user=YAMADA)
    admin.press(admin.words("btn.unlock"))
    admin.reads("ok.unlock")
    admin.open(INACTIVE)
    assert admin.words("lock.off") in admin.row_text(YAMADA)


@pytest.mark.parametrize("action, outcome, rule", [
    ("lock", "done", ""), ("unlock", "done", ""), ("user.deactivate", "done", ""), ("backup.end", "done", ""),
    ("backup.verify", "done", ""), ("backup.export", "done", ""), ("mail_addon.save", "refused", "L2"),
    ("latest_backup", "refused", "N3"), ("backup", "refused", "B5"), ("user.deactivate", "refused", "B4"),
])
def test_the_audit_log_shows_what_was_done_and_refused(story, action, outcome, rule):
    admin = story.takahashi.open("/settings/audit-log")
    Select(admin.find("select[name=action]")).select_by_visible_text(admin.words(f"act.{action}"))
    Select(admin.find("select[name=outcome]")).select_by_visible_text(admin.words(f"out.{outcome}"))
    if rule:
        Select(admin.find("select[name=rule]")).select_by_value(rule)
    admin.fill("user", "yamada@sakura.example" if rule != "B4" else "ogawa@sakura.example")
    admin.press(admin.words("filter.button"))
    admin.does_not_read("filter.nothing")
    for row in admin.all("tbody tr"):
        assert admin.words(f"act.{action}") in row.text
        assert admin.words(f"out.{outcome}") in row.text
        assert not rule or rule in row.text


def test_the_audit_log_is_proved_unaltered(story):
    admin = story.takahashi.open("/settings/audit-log")
    admin.press(admin.words("audit.verify"))
    admin.reads("ok.audit")


def activate(admin, name):
    """From the page of mail add-on users."""
    admin.press(admin.words("btn.activate"), of=name)
    admin.reads("dlg.activate", user=name)
    admin.press(admin.words("btn.activate"))
    admin.reads("ok.activate")


def deactivate(admin, name, backup_refusal=None):
    """Without a backup; what the page says of one is asked for."""
    admin.open(USERS)
    admin.press(admin.words("btn.deactivate"), of=name)
    if backup_refusal:
        admin.reads(backup_refusal)
        assert not admin.find("[name=back_up]").is_enabled()
    elif admin.find("[name=back_up]").is_enabled():
        admin.find("[name=back_up]").click()
    admin.press(admin.words("btn.deactivate"))
    admin.reads("ok.deactivate")
