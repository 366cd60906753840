"""Guessing passwords."""

import pytest
from company import DOMAIN, NAMES, PASSWORD


@pytest.fixture(scope="module")
def owner(company):
    """Somebody who had signed in before their password is guessed."""
    owner = company.person("tanaka")
    owner.sign_out()
    return owner


def test_guessing_a_password_is_slowed_down(company, owner):
    guesser = company.visitor().open("/signin")
    token = guesser.find("input[name=form_token]").get_attribute("value")
    statuses = []
    while 429 not in statuses and len(statuses) < 15:
        statuses.append(guesser.post("/signin", {"email": f"tanaka@{DOMAIN}", "password": "guess", "next": ""}, token)[0])
    assert 8 <= len(statuses) < 15, statuses
    company.leave(guesser)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_even_the_right_password_is_then_told_to_wait(company, language):
    guesser = company.visitor(language)
    guesser.sign_in(f"tanaka@{DOMAIN}", PASSWORD)
    assert guesser.status == 429
    guesser.reads("err.too_many_attempts")
    company.leave(guesser)


def test_a_browser_that_had_signed_in_before_is_not_locked_out(owner):
    owner.sign_in(f"tanaka@{DOMAIN}", PASSWORD)
    assert owner.path == "/records/Contacts"
    owner.reads_text(NAMES["tanaka"])
