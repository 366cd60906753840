"""Signing in to one's mailbox at its provider, in the browser from beginning to end."""


import pages
import pytest
from provider_company import ADMIN, HANA, ProviderCompany
from selenium.webdriver.common.by import By

OWN = "/settings/mail-addon"
USERS = "/settings/mail-addon-users"
NAMES = ["Ada", "Hana", "さくら商事"]


@pytest.fixture(scope="module")
def company(folder, program, language):
    with ProviderCompany(folder / f"provider-{language}", program) as company:
        yield company


@pytest.fixture(scope="module")
def hana(company, language):
    return company.person(HANA, language)


@pytest.fixture
def check(request, language):
    return pages.checker(request, language, NAMES)


def at_provider(person, answer, email=None):
    """Answers on the provider's page, and waits for our own."""
    person.wait(60).until(lambda driver: "/signin?" in driver.current_url and driver.find_element(By.NAME, "email"))
    if email:
        person.fill("email", email)
    person.follow(person.find(f"button[value={answer}]"))
    person.wait(60).until(lambda driver: driver.current_url == person.address + OWN)


def press(person, id):
    """Presses a button that leads to the provider by way of a page of ours."""
    person.control(person.words(id, provider="Google")).click()


def test_story(company, hana, check):
    company.mail.deliver(HANA, "First offer")
    hana.open(OWN)
    check(hana, "own-before")
    assert [option.get_attribute("value") for option in hana.all("select[name=account_type] option")].count("microsoft365") == 0

    press(hana, "own.sign_in")
    at_provider(hana, "deny")
    hana.reads("err.sign_in_declined", provider="Google")
    hana.does_not_read("own.signed_in", provider="Google")

    hana.choose("sharing", "complete")
    press(hana, "own.sign_in")
    at_provider(hana, "allow", "somebody@sakura.example")
    hana.reads("err.sign_in_other_account", address=HANA)

    hana.choose("sharing", "complete")
    press(hana, "own.sign_in")
    assert hana.find("input[name=email]").get_attribute("value") == HANA
    at_provider(hana, "allow")
    hana.reads("own.sign_in.done")
    hana.reads("own.signed_in", provider="Google")
    assert "code=" not in hana.driver.current_url
    assert hana.find("input[name=sharing][value=complete]").is_selected()
    check(hana, "own-signed-in")
    company.synchronise()
    hana.open("/mail").reads_text("First offer")


def test_test_button(hana):
    hana.open(OWN)
    hana.control(hana.words("own.test")).click()
    hana.reads("ok.test")


def test_revoked(company, hana, language, check):
    company.mail.deliver(HANA, "Second offer")
    company.provider.memory.revoke_all()
    company.synchronise(status=69)
    hana.open(OWN)
    hana.reads("reach.revoked")
    check(hana, "own-revoked")
    admin = company.person(ADMIN, language)
    admin.open(USERS)
    admin.reads("reach.revoked")
    check(admin, "users-revoked")

    press(hana, "own.sign_in.again")
    at_provider(hana, "allow")
    hana.reads("own.sign_in.done")
    hana.does_not_read("reach.revoked")
    admin.open(USERS)
    admin.does_not_read("reach.revoked")
    company.synchronise()
    hana.open("/mail").reads_text("Second offer")
    assert hana.text.count("First offer") == 1


def test_locked(company, hana, language, check):
    company.shell("lock", "--user", HANA, "--as", ADMIN)
    hana.open(OWN)
    check(hana, "own-locked")
    press(hana, "own.sign_in.again")
    at_provider(hana, "allow", "somebody@sakura.example")
    hana.reads("err.sign_in_other_account", address=HANA)
    press(hana, "own.sign_in.again")
    at_provider(hana, "allow")
    hana.reads("own.sign_in.done")
    # What a locked form does not hold is refused all the same.
    hana.send(f"{OWN}/sign-in/google", account_type="gmail", address=HANA, sharing="private")
    hana.reads("no.L2")
    assert hana.status == 403
    company.shell("unlock", "--user", HANA, "--as", ADMIN)
    company.synchronise()


def test_foreign_answers(company, hana):
    """What no session of ours asked for changes nothing."""
    for query in ["", "?code=x", "?code=x&state=" + "A" * 22, "?error=access_denied&state=x"]:
        hana.open(f"{OWN}/sign-in/google{query}")
        assert hana.path == OWN
        hana.reads("err.sign_in_expired")
    assert hana.get(f"{OWN}/sign-in/nobody")[0] == 404
    assert hana.post(f"{OWN}/sign-in/google", {"account_type": "gmail", "address": HANA, "sharing": "complete"}, "x")[0] == 403
    company.synchronise()


def test_shell(company):
    """Where there is no browser, a refresh token is given to the shell."""
    memory = company.provider.memory
    memory.refresh["given-elsewhere"] = HANA
    arguments = ["mailbox", "set", "--user", HANA, "--account-type", "gmail", "--address", HANA, "--sharing", "complete",
                 "--refresh-token-stdin", "--as", HANA]
    company.shell(*arguments, input="none-of-ours", status=69)
    company.shell(*arguments, input="given-elsewhere")
    assert "given-elsewhere" not in memory.refresh
    company.synchronise()
    log = (company.directory / "serve.log").read_text()
    for secret in [*memory.access, *memory.refresh, "mailkeep-client-secret", "given-elsewhere", HANA]:
        assert secret not in log
