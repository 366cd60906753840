"""The pages by keyboard alone, and without JavaScript."""

import pytest
from company import DOMAIN, NAMES, PASSWORD
from person import is_gone
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

USERS = "/settings/mail-addon-users"
INACTIVE = f"{USERS}?tab=inactive"
YAMADA, CARTER, WATANABE = (NAMES[login] for login in ("yamada", "carter", "watanabe"))


@pytest.fixture(scope="module")
def admin(company):
    return company.person("takahashi")


def press(person, *keys):
    ActionChains(person.driver).send_keys(*keys).perform()


def focused(person):
    return person.script("return document.activeElement.innerText?.split('\\n')[0] || document.activeElement.value || ''").strip()


def is_focus_visible(person):
    """Whether what has the focus is drawn with an outline, inside the window."""
    return person.script("""
        const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.right > 0 &&
            box.bottom > 0 && box.top < innerHeight;
    """)


def tab_to(person, label, most=80):
    """Presses Tab until something has the focus, which is to be seen at every step."""
    for _ in range(most):
        press(person, Keys.TAB)
        assert is_focus_visible(person), f"the focus is not seen at {focused(person)}"
        if focused(person).startswith(label):
            return
    raise AssertionError(f"{label} is not reached with {most} tabs")


def go(person):
    """Presses Enter on what leads to another page, and waits for it."""
    page = person.find("html")
    press(person, Keys.ENTER)
    person.wait().until(lambda _: is_gone(page))


def test_signing_in_needs_no_mouse(company):
    visitor = company.visitor().open("/signin")
    press(visitor, Keys.TAB)
    assert focused(visitor) == visitor.words("nav.skip")
    for _ in range(5):
        if visitor.script("return document.activeElement.name") == "email":
            break
        press(visitor, Keys.TAB)
    press(visitor, f"tanaka@{DOMAIN}", Keys.TAB, PASSWORD)
    go(visitor)
    assert visitor.path == "/records/Contacts"
    company.leave(visitor)


def test_the_skip_link_comes_first_and_leads_to_the_content(admin):
    admin.open(USERS)
    press(admin, Keys.TAB)
    assert focused(admin) == admin.words("nav.skip")
    assert is_focus_visible(admin)
    press(admin, Keys.ENTER)
    assert admin.script("return document.activeElement.id") == "main"
    press(admin, Keys.TAB)
    assert admin.script("return document.activeElement.closest('main') !== null")


def test_a_user_is_locked_and_unlocked_by_keyboard(admin):
    for button, told in [("btn.lock", "ok.lock"), ("btn.unlock", "ok.unlock")]:
        admin.open(f"{USERS}?q=yamada")
        tab_to(admin, admin.words("filter.button"))
        tab_to(admin, YAMADA)
        tab_to(admin, admin.words(button))
        go(admin)
        tab_to(admin, admin.words(button))
        go(admin)
        admin.reads(told)


def test_a_row_is_ticked_and_acted_on_by_keyboard(admin):
    admin.open(f"{INACTIVE}&q=watanabe")
    tab_to(admin, admin.words("btn.latest"))
    box = admin.find("input[name=user]")
    for _ in range(20):
        press(admin, Keys.TAB)
        if admin.script("return document.activeElement === arguments[0]", box):
            break
    assert is_focus_visible(admin)
    press(admin, Keys.SPACE)
    assert box.is_selected()


def test_the_focus_stays_where_it_was_when_a_row_is_fetched_anew(company, admin):
    company.pause_mail()
    try:
        admin.open(INACTIVE).press(admin.words("btn.backup"), of=WATANABE)
        tab_to(admin, admin.words("btn.stop"))
        admin.script("window.before = document.activeElement.closest('tr')")
        admin.wait().until(lambda _: admin.script("return !window.before.isConnected"))
        assert focused(admin).startswith(admin.words("btn.stop"))
    finally:
        company.resume_mail()
    admin.wait(120).until(lambda _: admin.words("st.done") in admin.row(WATANABE).text)


def test_what_is_folded_is_opened_by_keyboard(admin):
    admin.open(f"{USERS}?q=carter")
    tab_to(admin, admin.words("addon.refused", n=3).split("(")[0])
    press(admin, Keys.ENTER)
    admin.reads("no.B5")


def test_the_main_story_needs_no_javascript(company):
    admin = company.person("takahashi", javascript=False)
    admin.open("/settings").press(admin.words("addon.title"))
    admin.press(admin.words("btn.lock"), of=YAMADA)
    admin.press(admin.words("btn.lock"))
    admin.reads("ok.lock")
    yamada = company.person("yamada", javascript=False)
    yamada.open("/settings/mail-addon").reads("no.L2")
    yamada.press(yamada.words("own.unchanged"))
    yamada.reads("ok.save")
    admin.open(USERS).press(admin.words("btn.deactivate"), of=YAMADA)
    admin.press(admin.words("btn.deactivate"))
    admin.reads("ok.backup")

    def is_done():
        admin.reload()
        return admin.words("st.done") in admin.row(YAMADA).text

    admin.wait(120).until(lambda _: is_done())
    admin.tick(YAMADA)
    admin.follow(admin.find("button[name=action][value=latest_backup]"))
    admin.reads("ok.latest", ok=1, ng=0)
    tanaka = company.person("tanaka", javascript=False)
    tanaka.open("/records/Contacts/101").reads("mail.from_backup", user=YAMADA)
    tanaka.follow(tanaka.find(".mails .subject"))
    tanaka.unfold(tanaka.words("message.why"))
    tanaka.reads("opened.shared")
    admin.open("/settings/audit-log").choose("outcome", "refused")
    admin.press(admin.words("filter.button"))
    assert admin.status == 200
    tanaka.sign_out()
    tanaka.reads("signin.title")
    for person in (admin, yamada, tanaka):
        company.leave(person)
