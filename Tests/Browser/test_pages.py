"""Every page, in both languages, at two widths, in light and dark: whole words, no overflow, nothing that axe finds."""

from pathlib import Path

import pages
import pytest
from company import DOMAIN, NAMES, EmptyServer
from words import words

USERS = "/settings/mail-addon-users"
INACTIVE = f"{USERS}?tab=inactive"
QUOTE = "お見積書 (60周年記念トートバッグ)"

# Name: who opens it, where it is, the status it has.
PAGES = {
    "sign-in": ("visitor", "/signin", 200),
    "absent page of nobody": ("visitor", "/nowhere", 404),
    "used invitation": ("visitor", "/invitations/" + "x" * 43, 400),
    "invitation": ("visitor", "{invitation}", 200),
    "contacts": ("user", "/records/Contacts", 200),
    "contacts, second page": ("admin", "/records/Accounts?sort=-name", 200),
    "accounts": ("user", "/records/Accounts", 200),
    "leads": ("user", "/records/Leads", 200),
    "deals": ("user", "/records/Deals", 200),
    "records, none found": ("user", "/records/Contacts?q=nobody-at-all", 200),
    "contact with mail": ("user", "/records/Contacts/101", 200),
    "contact with mail, second page": ("user", "/records/Contacts/101?page=2", 200),
    "contact without mail": ("user", "/records/Leads/206", 200),
    "account": ("user", "/records/Accounts/306", 200),
    "deal": ("user", "/records/Deals/401", 200),
    "contact whose mail is shared, locked": ("locked", "/records/Contacts/106", 200),
    "contact whose mail is not shared": ("locked", "/records/Contacts/112", 200),
    "message from a backup": ("user", "{quote}", 200),
    "forged message": ("user", "{forged}", 200),
    "absent record": ("user", "/records/Contacts/999999", 404),
    "my mail": ("user", "/mail", 200),
    "message of my mail": ("user", "{own}", 200),
    "settings": ("user", "/settings", 200),
    "mail add-on settings": ("user", "/settings/mail-addon", 200),
    "mail add-on settings, locked": ("locked", "/settings/mail-addon", 200),
    "account settings": ("user", "/settings/account", 200),
    "page for administrators": ("user", USERS, 403),
    "settings of an administrator": ("admin", "/settings", 200),
    "users": ("admin", "/settings/users", 200),
    "users, none found": ("admin", "/settings/users?q=nobody-at-all", 200),
    "new user": ("admin", "/settings/users/new", 200),
    "active user": ("admin", "/settings/users/{ito}", 200),
    "inactive user": ("admin", "/settings/users/{yamada}", 200),
    "deactivate": ("admin", "/settings/users/{ito}/deactivate", 200),
    "deactivate, backup refused": ("admin", "/settings/users/{ogawa}/deactivate", 200),
    "deactivate, refused": ("admin", "/settings/users/{takahashi}/deactivate", 200),
    "activate": ("admin", "/settings/users/{yamada}/activate", 200),
    "absent user": ("admin", "/settings/users/999999", 404),
    "mail add-on users, active": ("admin", USERS, 200),
    "mail add-on users, inactive": ("admin", INACTIVE, 200),
    "mail add-on users, none found": ("admin", f"{USERS}?q=nobody-at-all", 200),
    "lock": ("admin", USERS + "/{ito}/lock", 200),
    "lock, refused": ("admin", USERS + "/{takahashi}/lock", 200),
    "unlock": ("admin", USERS + "/{tanaka}/unlock", 200),
    "backup source": ("admin", USERS + "/{watanabe}/source", 200),
    "backup source, refused": ("admin", USERS + "/{ito}/source", 200),
    "backup, completed": ("admin", "{completed}", 200),
    "backup, cancelled": ("admin", "{cancelled}", 200),
    "backup, failed": ("admin", "{failed}", 200),
    "cancel a backup": ("admin", "{completed}/cancel", 200),
    "absent backup": ("admin", "/settings/backups/999999", 404),
    "audit log": ("admin", "/settings/audit-log", 200),
    "audit log, none found": ("admin", "/settings/audit-log?target=Contacts/999999", 200),
    "organization": ("admin", "/settings/organization", 200),
    "API clients": ("admin", "/settings/clients", 200),
    "API clients, own": ("user", "/settings/clients", 200),
    "API reference": ("user", "/settings/clients/reference", 200),
    "legal holds": ("admin", "/settings/holds", 200),
    "legal hold on a user": ("admin", "/settings/holds/new?user={carter}", 200),
    "legal hold on the organization": ("admin", "/settings/holds/new?organization=yes", 200),
    "lift a legal hold": ("admin", "/settings/holds/1/lift", 200),
    "contact on legal hold": ("admin", "/records/Contacts/101", 200),
    "retention": ("admin", "/settings/retention", 200),
    "retention, what would go": ("admin", "/settings/retention/question?days=1", 200),
    "retention, for ever": ("admin", "/settings/retention/question?days=", 200),
    "retention, wrong": ("admin", "/settings/retention/question?days=x", 400),
    "erasing a person's mail": ("admin", "/settings/erasures", 200),
}
# Pages that answer a form: who sends it, from which page, where to, with what, the status.
ANSWERS = {
    "sign-in, wrong": ("visitor", "/signin", "/signin", {"email": f"x@{DOMAIN}", "password": "x"}, 400),
    "account settings, wrong": ("user", "/settings/account", "/settings/account/password",
                                {"current": "x", "password": "hanami-2027", "password_again": "hanami-2028"}, 400),
    "mail add-on settings, wrong": ("user", "/settings/mail-addon", "/settings/mail-addon",
                                    {"account_type": "imap", "address": f"ito@{DOMAIN}", "port": "x"}, 400),
    "mail add-on settings, refused": ("locked", "/settings/mail-addon", "/settings/mail-addon",
                                      {"account_type": "imap", "address": f"tanaka@{DOMAIN}", "sharing": "private",
                                       "host": "127.0.0.1", "password": "x"}, 403),
    "test of the connection, failed": ("user", "/settings/mail-addon", "/settings/mail-addon/test",
                                       {"account_type": "imap", "address": f"ito@{DOMAIN}", "host": "127.0.0.1",
                                        "port": "1", "password": "x"}, 400),
    "new user, wrong": ("admin", "/settings/users/new", "/settings/users/new", {"email": "x", "name": ""}, 400),
    "link for an invitation": ("admin", "/settings/users/{ito}", "/settings/users/{ito}/invite", {}, 200),
    "backup source, wrong": ("admin", USERS + "/{watanabe}/source", USERS + "/{watanabe}/source", {"kind": "signin"}, 400),
    "several, with what became of each": ("admin", INACTIVE, USERS + "/actions",
                                          {"action": "unlock", "tab": "inactive", "user": "{watanabe}"}, 200),
    "none ticked": ("admin", INACTIVE, USERS + "/actions", {"action": "latest_backup", "tab": "inactive"}, 200),
    "expired form": ("admin", "/settings", "/settings/organization", {"form_token": "x"}, 403),
    "legal hold without a reason": ("admin", "/settings/holds/new?user={carter}", "/settings/holds/new", {"user": "{carter}"}, 400),
    "retention, not seen": ("admin", "/settings/retention/question?days=1", "/settings/retention", {"days": "1", "confirm": "0"}, 400),
    "erasure of nobody's mail": ("admin", "/settings/erasures", "/settings/erasures/preview", {"address": "x@nowhere.example"}, 200),
    "erasure, forbidden by holds": ("admin", "/settings/erasures", "/settings/erasures/preview", {"address": "{held_address}"}, 200),
    "erasure, what would go": ("admin", "/settings/erasures", "/settings/erasures/preview", {"address": "{free_address}"}, 200),
    "erasure, wrong": ("admin", "/settings/erasures", "/settings/erasures/preview", {"address": "x"}, 400),
    "API client, made": ("user", "/settings/clients", "/settings/clients",
                         {"name": "Hanami", "scope.ZohoCRM.modules": "READ"}, 200),
    "API client, nothing chosen": ("user", "/settings/clients", "/settings/clients", {"name": "Hanami"}, 400),
    "verified backup": ("admin", "{completed}", "{completed}/verify", {}, 200),
    "verified audit log": ("admin", "/settings/audit-log", "/settings/audit-log/verify", {}, 200),
}
# What people have named, in whatever language.
DATA = [*NAMES.values(), "さくら商事", "加藤 誠", "阿部 由紀", "社長", "営業部長", "営業", "管理", "Hanami", "Hana"]
# Pages of a company in which nothing has happened.
EMPTY = ["/records/Contacts", "/mail", "/settings/mail-addon", USERS, INACTIVE, "/settings/users", "/settings/audit-log"]


@pytest.fixture(scope="module")
def visits(copies):
    """The company after much has happened in it, with browsers of an administrator, two users and nobody."""
    with copies.copy() as company:
        yield Visits(company)


@pytest.fixture(scope="module")
def speaking(visits, language):
    visits.speak(language)
    return visits


@pytest.fixture
def check(request, language):
    """Holds the page that a person has open to what every page is held to."""
    folder = request.config.getoption("screenshots")

    def check(person, name):
        found = pages.problems_of_words(person, DATA)
        pages.unfold_all(person)
        for width in pages.WIDTHS:
            pages.resize(person, width)
            for scheme in ("light", "dark"):
                pages.colour(person, scheme)
                if folder:
                    pages.picture(person, Path(folder) / f"{name}.{language}.{width}.{scheme}.png")
                said = pages.axe(person, None if scheme == "light" else pages.RULES_OF_COLOUR)
                found += [f"{width} {scheme}: {each}" for each in said]
            found += [f"{width}: too wide: {each}" for each in pages.overflow(person)]
            pages.colour(person, "light")
        pages.resize(person, 1280)
        assert not found, f"{person.path}\n" + "\n".join(dict.fromkeys(found))

    return check


class Visits:
    def __init__(self, company):
        self.company = company
        admin = self.admin = company.person("takahashi")
        self.user, self.locked, self.visitor = company.person("ito"), company.person("tanaka"), company.visitor()
        self.known = {login: admin.id_of(name) for login, name in NAMES.items()}
        admin.open(USERS)
        self.do(USERS + "/{tanaka}/lock")
        self.do("/settings/users/{carter}/deactivate")
        self.do("/settings/users/{yamada}/deactivate", back_up="yes")
        self.known["completed"] = self.backup(NAMES["yamada"], "completed")
        company.pause_mail()
        self.do(USERS + "/{watanabe}/backup")
        self.known["cancelled"] = self.backup(NAMES["watanabe"], "in_progress", "waiting")
        self.do(self.known["cancelled"] + "/cancel")
        company.resume_mail()
        self.fail()
        for fields in ({"user": str(self.known["carter"])}, {"module": "Contacts", "id": "101"}, {"backup": self.known["completed"].split("/")[-1]}):
            self.do("/settings/holds/new", reason="Hanami", **fields)
        self.do("/settings/holds/3/lift", reason="Hana")
        for held, path in ("held", "Contacts/101"), ("free", "Contacts/112"):
            facts = admin.open(f"/records/{path}").all("dl.facts dd")
            self.known[f"{held}_address"] = next(fact.text for fact in facts if "@" in fact.text)
        link = admin.post("/settings/users/new", {"email": f"abe@{DOMAIN}", "name": "阿部 由紀", "profile": "standard",
                                                  "role": "営業", "locale": "ja"})[2].decode()
        self.known["invitation"] = "/invitations/" + link.split("/invitations/")[1].split('"')[0]
        for name, subject, path in [("quote", QUOTE, "/records/Contacts/101"), ("forged", "【至急】振込先変更のお願い", "/records/Contacts/101")]:
            self.known[name] = self.message(subject, path)
        self.known["own"] = self.user.open("/mail").find(".mails .subject").get_attribute("href").removeprefix(company.address)

    def do(self, path, **fields):
        status, _, page = self.admin.post(path.format(**self.known), fields)
        assert status in (200, 303), (path, status, page.decode())

    def backup(self, name, *statuses):
        """The address of somebody's backup, once it has one of these statuses."""
        self.admin.open(INACTIVE)
        css = ", ".join(f"a[data-focus=details]:has(.status.{status})" for status in statuses)
        return self.admin.wait(120).until(
            lambda _: self.admin.row(name).find_element("css selector", css).get_attribute("href")
        ).removeprefix(self.company.address)

    def message(self, subject, path):
        for page in range(1, 20):
            for link in self.user.open(f"{path}?page={page}").all(".mails .subject"):
                if link.text == subject:
                    return link.get_attribute("href").removeprefix(self.company.address)
        raise AssertionError(f"{subject} is not on {path}")

    def fail(self):
        """Somebody leaves whose mailbox has never been read."""
        email, name, admin = f"kato@{DOMAIN}", "加藤 誠", f"takahashi@{DOMAIN}"
        shell = self.company.shell
        shell("user", "add", "--as", admin, "--email", email, "--name", name, "--role", "営業", "--password-stdin", input="kato-2026-x\n")
        shell("mailbox", "set", "--as", email, "--user", email, "--account-type", "imap", "--address", email, "--sharing", "complete",
              "--host", "127.0.0.1", "--port", (self.company.directory / "mail-port").read_text().strip(), "--username", "kato",
              "--ca-file", str(self.company.directory / "cert.pem"), "--password-stdin", input="wrong\n")
        shell("user", "deactivate", "--as", admin, "--user", email, "--back-up")
        self.known["failed"] = self.backup(name, "failed")

    def speak(self, language):
        """Sets everybody's language, as on their account pages."""
        for person, login in [(self.admin, "takahashi"), (self.user, "ito"), (self.locked, "tanaka")]:
            person.language = language
            person.open("/settings/account").post("/settings/account", {"name": NAMES[login], "locale": language})
            person.open("/settings/account")  # Takes the notice away.
        self.visitor.language = language
        self.visitor.open("/signin")
        self.visitor.driver.add_cookie({"name": "lang", "value": language})


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_and_accessible(speaking, check, name):
    who, path, status = PAGES[name]
    person = getattr(speaking, who).open(path.format(**speaking.known))
    assert person.status == status
    check(person, name)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_to_a_form_is_whole_and_accessible(speaking, check, name):
    who, page, path, fields, status = ANSWERS[name]
    person = getattr(speaking, who).open(page.format(**speaking.known))
    if "form_token" in fields:
        person.script("document.querySelector('input[name=form_token]').value = 'x'")
    person.send(path.format(**speaking.known), **{field: value.format(**speaking.known) for field, value in fields.items()})
    assert person.status == status
    check(person, name)


def test_pages_of_a_backup_at_work_are_whole_and_accessible(speaking, check):
    company, admin = speaking.company, speaking.admin.open(INACTIVE)
    company.pause_mail()
    try:
        speaking.do(USERS + "/{watanabe}/backup")
        at_work = speaking.backup(NAMES["watanabe"], "in_progress", "waiting")
        try:
            check(admin, "mail add-on users, a backup at work")
            check(admin.open(at_work), "backup at work")
            check(admin.open(f"{at_work}/cancel"), "cancel")
        finally:
            speaking.do(f"{at_work}/cancel")
    finally:
        company.resume_mail()


def test_the_first_pages_are_whole_and_accessible(program, tmp_path, language, check):
    with EmptyServer(tmp_path, program, language) as server:
        visitor = server.visitor
        visitor.driver.get(server.link)
        check(visitor, "set-up")
        for name, value in [("organization", "Hanami"), ("name", "Hana"), ("email", "hana@hanami.example"), ("password", "password")]:
            visitor.fill(name, value)
        visitor.press(visitor.words("setup.button"))
        assert visitor.status == 400
        check(visitor, "set-up, wrong")
        visitor.fill("password", "hanami-2026-x")
        visitor.press(visitor.words("setup.button"))
        visitor.sign_in("hana@hanami.example", "hanami-2026-x")
        for path in EMPTY:
            assert visitor.open(path).status == 200
            check(visitor, f"empty {path.replace('/', ' ').strip()}")
