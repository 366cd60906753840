"""What is refused, and that the pages say why, in both languages; and backups that are cancelled, fail, or get a source.

The tests of one language share a company: each leaves it as the next one expects it.
"""

import pytest
from company import DOMAIN, NAMES

USERS = "/settings/mail-addon-users"
INACTIVE = f"{USERS}?tab=inactive"
OWN = "/settings/mail-addon"
TAKAHASHI, MILLER, OGAWA, ITO = (NAMES[login] for login in ("takahashi", "miller", "ogawa", "ito"))
TANAKA, CARTER, WATANABE = (NAMES[login] for login in ("tanaka", "carter", "watanabe"))
NEWCOMER = "New Comer"


@pytest.fixture(scope="module")
def office(copies, language):
    with copies.copy() as company:
        yield company


@pytest.fixture(scope="module")
def admin(office, language):
    return office.person("takahashi", language)


def why(person, name, label):
    """Why an action in somebody's row is refused, as it stands at its button."""
    row = person.row(name)
    for folded in row.find_elements("css selector", "details:not([open]) > summary"):
        folded.click()
    button = person.control(label, of=name)
    assert not button.is_enabled(), f"{label} is offered for {name}"
    return person.find(f"#{button.get_attribute('aria-describedby')}").text


def deactivate(admin, name):
    admin.open(f"/settings/users/{admin.id_of(name)}/deactivate")
    if admin.find("[name=back_up]").is_selected():
        admin.find("[name=back_up]").click()
    admin.press(admin.words("btn.deactivate"))
    admin.reads("ok.deactivate")


def wait_for_status(admin, name, status):
    """Waits until somebody's row tells a status of the backup, without a reload."""
    admin.wait(120).until(lambda _: admin.words(status) in admin.row(name).text)


PAGES = ["/settings/users", "/settings/users/new", "/settings/users/{id}", "/settings/users/{id}/deactivate",
         "/settings/users/{id}/activate", USERS, INACTIVE, f"{USERS}/{{id}}/lock", f"{USERS}/{{id}}/unlock",
         f"{USERS}/{{id}}/source", f"{USERS}/{{id}}/row", "/settings/backups/1", "/settings/backups/1/part",
         "/settings/backups/1/cancel", "/settings/backups/1/manifest", "/settings/backups/1/export",
         "/settings/audit-log", "/settings/organization"]
ACTIONS = ["/settings/users/new", "/settings/users/{id}", "/settings/users/{id}/invite", "/settings/users/{id}/deactivate",
           "/settings/users/{id}/activate", f"{USERS}/actions", f"{USERS}/{{id}}/lock", f"{USERS}/{{id}}/unlock",
           f"{USERS}/{{id}}/backup", f"{USERS}/{{id}}/latest", f"{USERS}/{{id}}/source", f"{USERS}/{{id}}/source/upload",
           f"{USERS}/{{id}}/source/detach", "/settings/backups/1/verify",
           "/settings/backups/1/cancel", "/settings/audit-log/verify", "/settings/organization"]
FIELDS = {"email": "x@sakura.example", "name": "X", "profile": "standard", "role": "営業", "locale": "ja", "user": "1",
          "action": "lock", "tab": "active", "kind": "signin", "username": "x", "password": "x"}


def test_who_is_no_administrator_is_refused_every_page_and_action(office, admin, language):
    tanaka = office.person("tanaka", language)
    tanaka.open("/settings")
    assert not tanaka.all(f"a[href='{USERS}'], a[href='/settings/users'], a[href='/settings/audit-log']")
    tanaka.open(USERS)
    assert tanaka.status == 403
    tanaka.reads("no.P1")
    id = admin.id_of(ITO)
    wanted = tanaka.words("no.P1")
    for path in PAGES:
        status, _, page = tanaka.get(path.format(id=id))
        assert (status, wanted in page.decode()) == (403, True), path
    for path in ACTIONS:
        status, _, page = tanaka.post(path.format(id=id), FIELDS)
        assert (status, wanted in page.decode()) == (403, True), path
    admin.open(USERS).reads("tab.active", n=6)


def test_an_address_of_a_customer_cannot_be_a_mailbox(office, language):
    tanaka = next(person for person in office.people if person is not office.people[0])
    tanaka.open(OWN)
    tanaka.fill("address", "sato@aoi.example")
    tanaka.fill("password", "mail password")
    tanaka.press(tanaka.words("btn.save"))
    tanaka.reads("no.V5")
    office.leave(tanaka)


def test_who_shares_nothing_cannot_be_locked(admin):
    assert why(admin.open(USERS), CARTER, admin.words("btn.lock")) == admin.words("no.L5")
    admin.open(f"{USERS}/{admin.id_of(CARTER)}/lock").reads("no.L5")
    assert not admin.control(admin.words("btn.lock")).is_enabled()
    admin.send(f"{USERS}/{admin.id_of(CARTER)}/lock")
    admin.reads("no.L5")


def test_an_administrator_cannot_lock_themselves_while_there_are_several(admin):
    assert why(admin.open(USERS), TAKAHASHI, admin.words("btn.lock")) == admin.words("no.L3")
    admin.send(f"{USERS}/{admin.id_of(TAKAHASHI)}/lock")
    admin.reads("no.L3")


def test_an_administrator_cannot_unlock_themselves_while_there_are_several(office, admin, language):
    miller = office.person("miller", language)
    miller.open(USERS).press(miller.words("btn.lock"), of=TAKAHASHI)
    miller.press(miller.words("btn.lock"))
    miller.reads("ok.lock")
    assert why(admin.open(USERS), TAKAHASHI, admin.words("btn.unlock")) == admin.words("no.L7")
    admin.send(f"{USERS}/{admin.id_of(TAKAHASHI)}/unlock")
    admin.reads("no.L7")
    miller.open(USERS).press(miller.words("btn.unlock"), of=TAKAHASHI)
    miller.press(miller.words("btn.unlock"))
    miller.reads("ok.unlock")
    office.leave(miller)


def test_several_are_locked_at_once_and_each_is_decided_by_itself(admin):
    admin.open(USERS).find("button[name=action][value=lock]").click()
    admin.reads("addon.select")
    admin.tick(ITO)
    admin.tick(CARTER)
    admin.follow(admin.find("button[name=action][value=lock]"))
    admin.reads("addon.outcome", ok=1, ng=1)
    admin.reads_text(f"{ITO}: {admin.words('ok.lock')}")
    admin.reads_text(f"{CARTER}: {admin.words('no.L5')}")
    admin.tick(ITO)
    admin.follow(admin.find("button[name=action][value=unlock]"))
    admin.reads("addon.outcome", ok=1, ng=0)


def test_an_active_user_cannot_be_backed_up(admin):
    assert why(admin.open(USERS), ITO, admin.words("btn.backup")) == admin.words("no.B5")
    assert why(admin, ITO, admin.words("btn.latest")) == admin.words("no.B5")
    for action in ("backup", "latest"):
        admin.send(f"{USERS}/{admin.id_of(ITO)}/{action}")
        admin.reads("no.B5")


def test_a_backup_source_is_for_inactive_users(admin):
    assert why(admin.open(USERS), ITO, admin.words("source.title")) == admin.words("no.L9")
    admin.open(f"{USERS}/{admin.id_of(ITO)}/source").reads("no.L9")


@pytest.mark.parametrize("action", ["lock", "backup", "latest"])
def test_who_has_saved_no_settings_is_refused_for_that(admin, action):
    admin.open(USERS).send(f"{USERS}/{admin.id_of(MILLER)}/{action}")
    admin.reads("no.settings")


@pytest.mark.parametrize("page", ["lock", "unlock", "source"])
def test_a_page_that_asks_about_who_has_no_settings_says_so(admin, page):
    admin.open(f"{USERS}/{admin.id_of(MILLER)}/{page}")
    assert "{" not in admin.text, admin.text


@pytest.mark.parametrize("path", ["/settings/users/999999", "/settings/users/x/deactivate", "/settings/users/999999/activate",
                                  f"{USERS}/999999/lock", f"{USERS}/999999/source", "/settings/backups/999999",
                                  "/settings/backups/x/cancel"])
def test_what_is_not_there_is_told_in_whole_sentences(admin, path):
    admin.open(path)
    assert 400 <= admin.status < 500
    assert "{" not in admin.text, admin.text


def test_who_is_inactive_cannot_be_locked(admin):
    assert why(admin.open(INACTIVE), WATANABE, admin.words("btn.lock")) == admin.words("no.lock.inactive")
    admin.send(f"{USERS}/{admin.id_of(WATANABE)}/lock")
    admin.reads("no.lock.inactive")


def test_nobody_deactivates_themselves(admin):
    admin.open(USERS)
    assert why(admin, TAKAHASHI, admin.words("btn.deactivate")) == admin.words("no.U2.self")
    admin.open(f"/settings/users/{admin.id_of(TAKAHASHI)}/deactivate").reads("no.U2.self")
    assert not admin.control(admin.words("btn.deactivate")).is_enabled()
    admin.send(f"/settings/users/{admin.id_of(TAKAHASHI)}/deactivate")
    admin.reads("no.U2.self")


def test_a_mailbox_of_who_shares_nothing_cannot_be_backed_up(admin):
    deactivate(admin, CARTER)
    assert why(admin.open(INACTIVE), CARTER, admin.words("btn.backup")) == admin.words("no.B3")
    assert why(admin, CARTER, admin.words("btn.latest")) == admin.words("no.N4")
    admin.send(f"{USERS}/{admin.id_of(CARTER)}/backup")
    admin.reads("no.B3")
    admin.send(f"{USERS}/{admin.id_of(CARTER)}/latest")
    admin.reads("no.N4")


def test_a_mailbox_of_another_domain_cannot_be_backed_up(admin):
    deactivate(admin, OGAWA)
    refusal = admin.words("no.B4", domain="sakura-group.example", own=DOMAIN)
    assert why(admin.open(INACTIVE), OGAWA, admin.words("btn.backup")) == refusal
    assert why(admin, OGAWA, admin.words("btn.latest")) == refusal
    for action in ("backup", "latest"):
        admin.send(f"{USERS}/{admin.id_of(OGAWA)}/{action}")
        admin.reads_text(refusal)


def test_a_backup_can_be_cancelled(office, admin):
    office.pause_mail()
    admin.open(INACTIVE).press(admin.words("btn.backup"), of=WATANABE)
    admin.reads("ok.backup")
    admin.press(admin.words("btn.stop"), of=WATANABE)
    admin.reads("dlg.stop")
    admin.press(admin.words("btn.stop"))
    admin.reads("ok.cancel")
    admin.follow_details(WATANABE)
    office.resume_mail()
    wait_until_told(admin, "st.cancelled")
    admin.open(admin.path + "/cancel").press(admin.words("btn.stop"))
    admin.reads("ok.unchanged")


def wait_until_told(admin, status):
    """Waits until the page of a backup tells its status, without a reload."""
    admin.wait(120).until(lambda _: admin.find("h2 .status").text == admin.words(status))


def test_what_was_synchronised_is_backed_up_when_the_mail_server_refuses(office, admin):
    office.set_mail_password("watanabe", "changed")
    admin.open(INACTIVE).press(admin.words("btn.backup"), of=WATANABE)
    admin.reads("ok.backup")
    wait_for_status(admin, WATANABE, "st.done")
    admin.reads("st.until")
    admin.follow_details(WATANABE)
    admin.reads("backup.from_synchronised")
    admin.reads("st.until")
    admin.open(admin.path + "/cancel").press(admin.words("btn.stop"))
    admin.reads("err.backup_not_pending")


def test_a_backup_source_that_cannot_be_used_is_refused_in_words(admin):
    admin.open(INACTIVE).press(admin.words("source.title"), of=WATANABE)
    admin.reads("source.lead")
    admin.fill("username", "watanabe")
    admin.press(admin.words("source.button"))
    admin.reads("err.source_incomplete")
    admin.choose("kind", "file")
    admin.fill("path", "/etc/passwd")
    admin.press(admin.words("source.button"))
    assert admin.status in (400, 403)
    admin.reads("reach.path")


def test_an_attached_sign_in_is_used_for_the_latest_backup(office, admin):
    admin.open(INACTIVE).press(admin.words("source.title"), of=WATANABE)
    admin.fill("username", "watanabe")
    admin.fill("password", "changed")
    admin.press(admin.words("source.button"))
    admin.reads("ok.source.server")
    admin.reads("source.attached", kind=admin.words("source.sign_in"), admin=TAKAHASHI)
    admin.press(admin.words("btn.latest"), of=WATANABE)
    admin.reads("ok.backup")
    admin.wait(120).until(lambda _: admin.words("st.done") in admin.row(WATANABE).text
                          and not admin.row(WATANABE).find_elements("css selector", "progress"))
    admin.follow_details(WATANABE)
    admin.reads("backup.from_source")


def upload(admin, path):
    """Uploads a file as Watanabe's backup source; a refusal is told in place."""
    admin.open(f"{USERS}/{admin.id_of(WATANABE)}/source")
    admin.find("[name=file]").send_keys(str(path))
    admin.control(admin.words("source.upload.button")).click()


def test_an_uploaded_file_is_attached_and_detached(admin, tmp_path):
    (tmp_path / "notes.txt").write_text("no mail")
    upload(admin, tmp_path / "notes.txt")
    admin.reads("err.upload_no_mail")
    mails = [f"From - Thu Jan  1 00:00:00 2026\nFrom: a@example.com\nSubject: {n}\n\nHello\n\n" for n in range(3)]
    (tmp_path / "old mail.mbox").write_text("".join(mails))
    upload(admin, tmp_path / "old mail.mbox")
    admin.reads("ok.source.upload", messages=3, folders=1)
    admin.reads("source.attached", kind=admin.words("source.an_upload"), admin=TAKAHASHI)
    admin.open(f"{USERS}/{admin.id_of(WATANABE)}/source").press(admin.words("source.detach"))
    admin.reads("ok.source.detach")
    assert admin.words("source.an_upload") not in admin.row_text(WATANABE)


def test_addresses_with_a_tag_count_as_those_without_once_an_administrator_says_so(admin):
    assert not admin.open("/settings/organization").find("[name=ignore_tags]").is_selected()
    for wanted in (True, False):
        admin.find("[name=ignore_tags]").click()
        admin.press(admin.words("btn.save"))
        admin.reads("organization.saved")
        assert admin.find("[name=ignore_tags]").is_selected() == wanted
        assert admin.find("[name=administrators_see]").is_selected()


def test_a_backup_of_which_nothing_can_be_read_fails_and_says_what_to_do(office, admin, language):
    admin.open("/settings/users").press(admin.words("users.add"))
    for name, value in [("email", f"newcomer@{DOMAIN}"), ("name", NEWCOMER)]:
        admin.fill(name, value)
    admin.choose("role", "営業")
    admin.choose("locale", language)
    admin.press(admin.words("users.add.button"))
    newcomer = office.visitor(language)
    newcomer.driver.get(admin.find("input.link").get_attribute("value"))
    newcomer.fill("password", "hanami-2026-n")
    newcomer.fill("password_again", "hanami-2026-n")
    newcomer.press(newcomer.words("invitation.button"))
    newcomer.open("/mail").reads("empty.own_emails")
    newcomer.open(OWN)
    newcomer.choose("sharing", "complete")
    for name, value in [("host", "127.0.0.1"), ("port", (office.directory / "mail-port").read_text().strip()),
                        ("username", "nobody"), ("password", "wrong")]:
        newcomer.fill(name, value)
    newcomer.unfold(newcomer.words("own.certificates"))
    newcomer.script("document.querySelector('[name=certificates]').value = arguments[0]",
                    (office.directory / "cert.pem").read_text())
    newcomer.control(newcomer.words("own.test")).click()
    newcomer.reads("reach.auth")
    assert newcomer.find("[name=password]").get_property("value") == "wrong", "nothing that was typed is lost"
    newcomer.press(newcomer.words("btn.save"))
    newcomer.reads("ok.save")
    deactivate(admin, NEWCOMER)
    admin.open(INACTIVE).press(admin.words("btn.backup"), of=NEWCOMER)
    admin.reads("ok.backup")
    wait_for_status(admin, NEWCOMER, "st.failed")
    admin.reads("fail.auth")
    admin.follow_details(NEWCOMER)
    admin.reads("st.failed")
    admin.reads("fail.auth")
    office.leave(newcomer)


def test_the_only_administrator_locks_and_unlocks_themselves(admin):
    admin.open(f"/settings/users/{admin.id_of(MILLER)}")
    admin.choose("profile", "standard")
    admin.press(admin.words("btn.save"))
    admin.reads("ok.user.set", user=MILLER)
    admin.open(USERS).press(admin.words("btn.lock"), of=TAKAHASHI)
    admin.press(admin.words("btn.lock"))
    admin.reads("ok.lock")
    admin.open(OWN).reads("no.L2")
    admin.open(USERS).press(admin.words("btn.unlock"), of=TAKAHASHI)
    admin.press(admin.words("btn.unlock"))
    admin.reads("ok.unlock")


def test_the_only_administrator_stays_one(admin):
    admin.open(f"/settings/users/{admin.id_of(TAKAHASHI)}")
    admin.choose("profile", "standard")
    admin.press(admin.words("btn.save"))
    assert admin.status == 403
    admin.reads("no.U2.last")
    admin.send(f"/settings/users/{admin.id_of(TAKAHASHI)}/deactivate")
    admin.reads("no.U2.self")


def test_a_form_from_elsewhere_changes_nothing(admin):
    status, _, page = admin.open(USERS).post(f"{USERS}/{admin.id_of(ITO)}/lock", token="x" * 43)
    assert (status, admin.words("page.form_expired") in page.decode()) == (403, True)
    assert admin.words("lock.off") in admin.open(USERS).row(ITO).text
