"""What every page is held to, whatever it shows: widths, words, accessibility."""

import base64
import re
from pathlib import Path

import axe_playwright_python

from words import WORDS

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]
WIDTHS = {1280: 900, 390: 844}

# Texts that Mailkeep itself says, whatever it shows: neither what people entered nor what mails hold.
OURS = """
    const own = "button, a.button, .tabs a, thead th, dt, legend, h1:not(.data), h2, h3, .hint, .crumb, summary, option, " +
        "label, .problem-text, .warning-text, .why, .status, .notice > p, nav a, .skip";
    const inner = "input, select, textarea, [lang], .visually-hidden, option, details, table, .choice, .second";
    // On a page of a record or a mail the heading is its name, and a record's facts are called as its owner likes.
    const isData = (element) => element.closest("[lang]:not(html)") || element.closest("[name=locale]") ||
        (/^.(records.[^/]+.|mail.)./.test(location.pathname) && element.matches("h1, .tiles dt"));
    return [...document.querySelectorAll(own)].filter((element) => !isData(element)).map((element) => {
        const copy = element.cloneNode(true);
        copy.querySelectorAll(inner).forEach((each) => each.remove());
        return copy.textContent.trim().replace(/\\s+/g, " ");
    }).filter(Boolean);
"""
# Every text and every attribute that is read out, but for names of actions and files in the log and in mails.
ALL = """
    const copy = document.body.cloneNode(true);
    copy.querySelectorAll("code, .plain, .source, .message-text, .snippet, .chip, .attachments").forEach((each) => each.remove());
    const said = [...copy.querySelectorAll("*")].flatMap((element) =>
        ["aria-label", "title", "alt", "data-label"].map((name) => element.getAttribute(name)).filter(Boolean));
    return [document.title, copy.textContent, ...said];
"""
PREFIXES = sorted({id.split(".")[0] for id in WORDS} | {"t"})
KEY = re.compile(r"(?<![\w@./:-])(?:" + "|".join(PREFIXES) + r")\.[A-Za-z_]+(?:[._]\w+)*(?![\w@])")
PLACEHOLDER = re.compile(r"\{\w*\}")
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# Words of Japanese pages that stay as they are.
UNTRANSLATED = re.compile(r"(?:Mailkeep|IMAP|POP3|Gmail|Microsoft 365|Zoho Mail|Yahoo Mail|Maildir|mbox|TLS|STARTTLS|Cc|Bcc|SHA-256|"
                          r"[A-Z]+: [a-z]+|[A-Z]{1,2}\d|[A-Za-z0-9.+-]+@[a-z.-]+|[\d\W_]|INBOX|#)+")


def problems_of_words(person, names=()):
    """What is wrong with the words of the page that is open; `names` are data that may be in any language."""
    found = [f"lang is {person.html_language}"] if person.html_language != person.language else []
    for text in person.script(ALL):
        found += [f"left in it: {each}" for each in PLACEHOLDER.findall(text)]
        found += [f"no words: {each}" for each in KEY.findall(text)]
    for text in person.script(OURS):
        said = text
        for name in names:
            said = said.replace(name, "")
        if person.language == "en" and JAPANESE.search(said):
            found.append(f"Japanese on an English page: {text}")
        if person.language == "ja" and said.strip() and not JAPANESE.search(said) and not UNTRANSLATED.fullmatch(said):
            found.append(f"English on a Japanese page: {text}")
    return found


def resize(person, width):
    person.cdp("Emulation.setDeviceMetricsOverride", width=width, height=WIDTHS[width], deviceScaleFactor=1, mobile=False)


def colour(person, scheme):
    # Without motion, as colours that are still changing are neither.
    person.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                       {"name": "prefers-reduced-motion", "value": "reduce"}])


def unfold_all(person):
    person.script("for (const each of document.querySelectorAll('details')) each.open = true")


def overflow(person):
    """What is wider than the window, and tables that are wider than their place in one that is wide."""
    return person.script("""
        const shown = (each) => `${each.scrollWidth} px in ${each.clientWidth} px: ${each.outerHTML.slice(0, 120)}`;
        const isWide = (each) => each.scrollWidth > each.clientWidth + 1;
        const wide = document.documentElement.clientWidth < 1000 ? [] : [...document.querySelectorAll(".sheet")].filter(isWide);
        if (isWide(document.documentElement)) wide.push(document.documentElement,
            ...[...document.body.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1));
        return wide.slice(0, 4).map(shown);
    """)


def axe(person, rules=None):
    """What axe finds, one line each; only these rules, or all of the tags above."""
    if not person.script("return 'axe' in window"):
        person.script(AXE)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    results = person.driver.execute_async_script("""
        const done = arguments[arguments.length - 1];
        axe.run(document, {runOnly: arguments[0], iframes: false, resultTypes: ["violations"]})
            .then((results) => done(results.violations), (error) => done([{id: String(error), nodes: []}]));
    """, only)
    return [f"{each['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}" for each in results
            for node in each["nodes"][:3] or [{"html": ""}]]


def picture(person, path):
    """Writes a picture of the whole page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(person.cdp("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


def checker(request, language, data):
    """What holds the page that is open to what every page is held to, at both widths, and keeps pictures where asked to."""
    folder = request.config.getoption("screenshots")

    def check(person, name):
        found = problems_of_words(person, data)
        for width in WIDTHS:
            resize(person, width)
            if folder:
                picture(person, Path(folder) / f"{name}.{language}.{width}.png")
            found += [f"{width}: {each}" for each in overflow(person) + axe(person)]
        resize(person, 1280)
        assert not found, "\n".join(dict.fromkeys(found))

    return check
