"""The words on screen, as Sources/MailkeepApp/Wording has them."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Sources/MailkeepApp/Wording"
WORDS = {id: texts for name in ("wording", "pages") for id, texts in json.loads((FOLDER / f"{name}.json").read_text()).items()}
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def words(language, id, **values):
    """The text of an id, with values in its placeholders; those without a value stay."""
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), WORDS[id][language])


def squeezed(text):
    """Text in which white space counts once."""
    return " ".join(text.split())


def contains(page, text):
    """Whether a page's text has these words; a placeholder that is left in them stands for anything."""
    parts = PLACEHOLDER.split(squeezed(text))[::2]
    return re.search(".+?".join(map(re.escape, parts)), squeezed(page)) is not None
