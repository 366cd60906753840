"""Somebody in front of a browser."""

import http.client
import re
import shutil
import tempfile
import time
from urllib.parse import urlencode, urlsplit

from selenium import webdriver
from selenium.common.exceptions import (
    InvalidSessionIdException, JavascriptException, NoSuchElementException, NoSuchWindowException,
    StaleElementReferenceException, WebDriverException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from words import contains, words

# In seconds, for a machine that has much else to do: nothing waits that long where all is well.
LIMIT = 60
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--force-color-profile=srgb"]


def quoted(text):
    """A text as XPath writes it."""
    return "concat(" + ", '\"', ".join(f'"{part}"' for part in text.split('"')) + ', "")'


class Person:
    """A browser, at first of nobody."""

    def __init__(self, address, language="ja", javascript=True, width=1280, height=900):
        self.address, self.language = address, language
        self.profile = tempfile.mkdtemp(prefix="mailkeep-browser-profile.")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in [*FLAGS, f"--lang={language}", f"--accept-lang={language}", f"--user-data-dir={self.profile}",
                     f"--window-size={width},{height}"]:
            options.add_argument(flag)
        try:
            self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        except WebDriverException:
            shutil.rmtree(self.profile, ignore_errors=True)
            raise
        self.driver.set_page_load_timeout(120)
        if not javascript:
            self.cdp("Emulation.setScriptExecutionDisabled", value=True)

    def leave(self):
        """Ends the browser."""
        try:
            self.driver.quit()
        finally:
            shutil.rmtree(self.profile, ignore_errors=True)

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait(self, limit=LIMIT):
        # What is fetched anew while it is looked at is looked at again.
        return WebDriverWait(self.driver, limit, 0.05, [NoSuchElementException, StaleElementReferenceException])

    # Reading ---------------------------------------------------------------------------------------------------------

    def words(self, id, **values):
        """The words of an id, in this person's language."""
        return words(self.language, id, **values)

    @property
    def text(self):
        """What stands on the page, what is folded away excepted."""
        return self.script("return document.body?.innerText ?? ''")

    @property
    def status(self):
        """The HTTP status of the page."""
        return self.script("return performance.getEntriesByType('navigation')[0].responseStatus")

    @property
    def html_language(self):
        return self.script("return document.documentElement.lang")

    @property
    def path(self):
        """Where the person is, without the server."""
        parts = urlsplit(self.driver.current_url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def reads_text(self, text, limit=LIMIT):
        """Waits until a text stands on the page; `{name}` in it stands for anything."""
        end = time.monotonic() + limit
        while True:
            try:
                found = self.text
            except JavascriptException:
                found = ""  # The page is just being replaced.
            if contains(found, text):
                return
            assert time.monotonic() < end, f"not on {self.path}: {text}\n\n{found}"
            time.sleep(0.05)

    def reads(self, id, **values):
        """Waits until the words of an id stand on the page; a placeholder without a value stands for anything."""
        self.reads_text(self.words(id, **values))

    def does_not_read(self, id, **values):
        assert not contains(self.text, self.words(id, **values)), f"on {self.path}: {self.words(id, **values)}"

    # Doing -----------------------------------------------------------------------------------------------------------

    def open(self, path):
        self.driver.get(self.address + path)
        return self

    def reload(self):
        self.driver.refresh()

    def find(self, css):
        """The one element of a page that a selector names."""
        return self.wait().until(lambda driver: driver.find_element(By.CSS_SELECTOR, css))

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def row(self, name):
        """The row of a table that starts with somebody's name."""
        path = f"//tr[th[@scope='row']//a[normalize-space()={quoted(name)}]]"
        return self.wait().until(lambda driver: driver.find_element(By.XPATH, path))

    def steadily(self, action):
        """Does something with what may be fetched anew in the midst of it, until it held still for that long."""
        end = time.monotonic() + LIMIT
        while True:
            try:
                return action()
            except StaleElementReferenceException:
                if time.monotonic() > end:
                    raise

    def row_text(self, name):
        """What stands in somebody's row."""
        return self.steadily(lambda: self.row(name).text)

    def control(self, label, of=None):
        """A button or link by its words; in the row of somebody, where there are several."""
        said = "normalize-space()"
        path = (f".//*[self::a or self::button or self::summary][{said}={quoted(label)} or "
                f"starts-with({said}, {quoted(label + ':')})]")

        def find(_):
            place = self.row(of) if of else self.driver
            return next((found for found in place.find_elements(By.XPATH, path) if found.is_displayed()), None)

        return self.wait().until(find, f"nothing on {self.path} is called {label}")

    def press(self, label, of=None):
        """Clicks on what leads to another page, and waits for it."""
        self.follow(lambda: self.control(label, of))

    def follow(self, element):
        """Clicks on an element that leads to another page, or on what a function finds, and waits for the page."""
        page = self.driver.find_element(By.TAG_NAME, "html")

        def click():
            try:
                element().click()
            except StaleElementReferenceException:
                if not is_gone(page):
                    raise

        if callable(element):
            self.steadily(click)
        else:
            element.click()
        self.wait(120).until(lambda _: is_gone(page))

    def follow_details(self, name):
        """Goes from somebody's row to the page of their backup."""
        self.follow(lambda: self.row(name).find_element(By.CSS_SELECTOR, "td a[data-focus=details]"))

    def unfold(self, label, of=None):
        self.steadily(lambda: self.control(label, of).click())

    def fill(self, name, value):
        field = self.find(f"[name={name}]")
        field.clear()
        field.send_keys(value)

    def choose(self, name, value):
        """Chooses of a list, or one of several round buttons."""
        if self.all(f"select[name={name}]"):
            Select(self.find(f"select[name={name}]")).select_by_value(value)
        else:
            self.find(f"[name={name}][value={value}]").click()

    def tick(self, name):
        """Ticks somebody's box."""
        self.steadily(lambda: self.row(name).find_element(By.CSS_SELECTOR, "input[type=checkbox]").click())

    def send(self, path, **fields):
        """Sends a form that no page offers, as the browser would, and shows the answer."""
        page = self.driver.find_element(By.TAG_NAME, "html")
        self.script("""
            const form = document.createElement("form");
            form.method = "post";
            form.action = arguments[0];
            const token = document.querySelector("input[name=form_token]").value;
            for (const [name, value] of Object.entries({form_token: token, ...arguments[1]})) {
                const field = document.createElement("input");
                field.type = "hidden";
                field.name = name;
                field.value = value;
                form.append(field);
            }
            document.body.append(form);
            form.submit();
        """, path, fields)
        self.wait(120).until(lambda _: is_gone(page))

    # Signing in ------------------------------------------------------------------------------------------------------

    def sign_in(self, email, password):
        """Signs in, from whatever page asks for it."""
        if not self.all("input[name=email]"):
            self.open("/signin")
        self.fill("email", email)
        self.fill("password", password)
        self.follow(self.find("form[action='/signin'] button"))
        return self

    def sign_out(self):
        self.press(self.words("nav.signout"))

    # Without the pages -----------------------------------------------------------------------------------------------

    def id_of(self, name):
        """Somebody's id, which stands in the list of users."""
        status, _, page = self.get("/settings/users")
        assert status == 200
        found = re.search(rf'/settings/users/(\d+)">{name}</a>', page.decode())
        assert found, f"{name} is not in the list of users"
        return found[1]

    def get(self, path):
        """The answer to a request with this browser's cookies: status, headers, bytes. It follows nothing."""
        return self.request("GET", path)

    def post(self, path, fields=(), token=None):
        """Sends a form as no page would, with the token of the page that is open."""
        token = token or self.find("input[name=form_token]").get_attribute("value")
        pairs = [("form_token", token), *(fields.items() if isinstance(fields, dict) else fields)]
        return self.request("POST", path, urlencode(pairs), {"Content-Type": "application/x-www-form-urlencoded"})

    def request(self, method, path, body=None, headers={}):
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in self.driver.get_cookies())
        try:
            connection.request(method, path, body, {"Cookie": cookies, "Accept-Language": self.language, **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def is_gone(element):
    try:
        element.tag_name
        return False
    except StaleElementReferenceException:
        return True
    except (InvalidSessionIdException, NoSuchWindowException):
        raise
    except WebDriverException as error:
        # What a driver says that asks while the page is just being replaced; anything else is asked about once more.
        return "does not belong to the document" in (error.msg or "")
