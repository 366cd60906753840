"""Coming in and going out: the first start, sign-ins, invitations, passwords."""

import pytest
from company import DOMAIN, PASSWORD, EmptyServer


@pytest.fixture(scope="module")
def office(copies, language):
    with copies.copy() as company:
        yield company


@pytest.fixture
def empty_server(program, tmp_path, language):
    with EmptyServer(tmp_path, program, language) as server:
        yield server


def test_the_first_start_makes_an_organization_by_the_printed_link(empty_server, language):
    visitor, link = empty_server.visitor, empty_server.link
    visitor.open("/")
    assert visitor.path == "/setup", "without an organization every way leads there"
    fields = {"token": "wrong", "organization": "花見商会", "name": "Megumi", "email": "megumi@hanami.example",
              "password": "hanami-2026-x"}
    for name, value in fields.items():
        visitor.fill(name, value)
    visitor.press(visitor.words("setup.button"))
    visitor.reads("err.bad_set_up_token")
    visitor.driver.get(link)
    visitor.reads("setup.lead")
    for name, value in fields.items():
        if name != "token":
            visitor.fill(name, "password" if name == "password" else value)
    visitor.press(visitor.words("setup.button"))
    visitor.reads("err.password_common")
    visitor.fill("password", fields["password"])
    visitor.press(visitor.words("setup.button"))
    assert visitor.path == "/signin"
    visitor.sign_in(fields["email"], fields["password"])
    assert visitor.path == "/records/Contacts"
    assert visitor.html_language == language
    visitor.reads("records.empty")
    visitor.open("/settings/mail-addon-users").reads("empty.active")
    visitor.open("/settings/mail-addon-users?tab=inactive").reads("empty.inactive")
    visitor.driver.get(link)
    assert visitor.status == 404, "the link works once"


def test_a_wrong_password_and_an_unknown_address_are_told_alike(office, language):
    visitor = office.visitor(language)
    for email in (f"tanaka@{DOMAIN}", f"nobody@{DOMAIN}"):
        visitor.open("/signin").sign_in(email, "not it")
        assert visitor.status == 400 or visitor.status == 401 or visitor.status == 403
        visitor.reads("err.bad_sign_in")
        assert visitor.find("[name=email]").get_attribute("value") == email
    office.leave(visitor)


def test_signing_in_leads_to_what_was_asked_for_and_signing_out_ends_it(office, language):
    visitor = office.visitor(language).open("/records/Contacts/101")
    assert visitor.path.startswith("/signin?next=")
    visitor.sign_in(f"tanaka@{DOMAIN}", PASSWORD)
    assert visitor.path == "/records/Contacts/101"
    cookie = visitor.driver.get_cookie("mailkeep")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    visitor.find("form[action='/signout'] button").click()
    visitor.reads("signin.title")
    visitor.driver.add_cookie({"name": "mailkeep", "value": cookie["value"]})
    assert visitor.open("/mail").path.startswith("/signin"), "the session itself has ended, not only its cookie"
    office.leave(visitor)


def test_a_visitor_chooses_the_language(office, language):
    visitor = office.visitor(language).open("/signin")
    other = {"ja": "en", "en": "ja"}[language]
    visitor.follow(visitor.find(f"button[name=locale][value={other}]"))
    assert visitor.html_language == other
    office.leave(visitor)


def test_an_invitation_is_used_once(office, language):
    admin, guest = office.person("takahashi", language), office.visitor(language)
    admin.open("/settings/users").press(admin.words("users.add"))
    admin.fill("email", f"newcomer@{DOMAIN}")
    admin.fill("name", "New Comer")
    admin.choose("role", "営業")
    admin.choose("locale", language)
    admin.press(admin.words("users.add.button"))
    admin.reads("invite.lead")
    link = admin.find("input.link").get_attribute("value")
    admin.open("/settings/users")
    assert admin.words("users.invited") in admin.row("New Comer").text

    guest.driver.get(link)
    guest.reads("invitation.lead")
    guest.fill("password", "hanami-2026-n")
    guest.fill("password_again", "hanami-2026-m")
    guest.press(guest.words("invitation.button"))
    guest.reads("password.differs")
    guest.fill("password", "password")
    guest.fill("password_again", "password")
    guest.press(guest.words("invitation.button"))
    guest.reads("err.password_common")
    guest.fill("password", "hanami-2026-n")
    guest.fill("password_again", "hanami-2026-n")
    guest.press(guest.words("invitation.button"))
    assert guest.path == "/records/Contacts"
    guest.reads_text("New Comer")

    guest.driver.get(link)
    assert 400 <= guest.status < 500
    guest.reads("err.bad_link")
    admin.reload()
    assert admin.words("st.active") in admin.row("New Comer").text
    office.leave(admin)
    office.leave(guest)


def test_changing_the_password_ends_the_other_sessions(office, language):
    here, there = office.person("ito", language), office.person("ito", language)
    here.open("/settings/account")
    for current, new, again, told in [
        ("wrong", "hanami-2027-x", "hanami-2027-x", "err.wrong_password"), (PASSWORD, "hanami-2027-x", "other-2027-x", "password.differs"),
        (PASSWORD, "hanami-2027-x", "hanami-2027-x", "password.changed"),
    ]:
        for name, value in [("current", current), ("password", new), ("password_again", again)]:
            here.fill(name, value)
        here.press(here.words("account.password.button"))
        here.reads(told)
    assert here.open("/mail").path == "/mail", "this session goes on"
    assert there.open("/mail").path.startswith("/signin")
    there.sign_in(f"ito@{DOMAIN}", PASSWORD).reads("err.bad_sign_in")
    there.sign_in(f"ito@{DOMAIN}", "hanami-2027-x")
    assert there.path == "/mail"
    office.leave(here)
    office.leave(there)
