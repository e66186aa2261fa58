"""Disguises: the same words in other letters, and what encoded text says once it is decoded.

Who hides an instruction in an article from people leaves it legible for a machine. Here the hidden is made
plain, with the place it came from, so that whoever looks for words need only look for words.
"""

from __future__ import annotations

import base64
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

_IGNORED = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""What Unicode calls default ignorable and counts as a letter or a mark, with the braille blank."""

UNSEEN = re.compile("[\u034f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""Marks on the character before them, which part no words."""


def invisible(character: str) -> bool:
    """Whether a reader would not see it: control, format, private or unassigned, a selector or a filler."""
    return unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn") or bool(
        _IGNORED.match(character)
    )


@dataclass(frozen=True, slots=True)
class PlainView:
    """A text in plain letters; `places[i]` is where in the original its i-th character stands."""

    text: str
    places: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the original of `text[start:end]`, which must not be empty."""
        first, last = self.places[start], self.places[end - 1]
        return min(first, last), max(first, last) + 1

    def mapped(self, table: dict[int, int]) -> PlainView:
        """With characters exchanged one for one."""
        return PlainView(self.text.translate(table), self.places)


def views(text: str) -> Iterator[PlainView]:
    """The text without accents, styles and invisible characters, then as each disguise would have it read."""
    plain = folded(text)
    yield plain
    spaced, latin = folded(text, gap=" "), plain.mapped(_LOOKALIKES)
    yield from (view for view in (spaced, latin) if view.text != plain.text)
    if _LEET_WORD.search(plain.text):
        yield plain.mapped(_LEET)
    if _SPREAD.search(plain.text):
        yield _squeezed(plain)
    yield PlainView(codecs.encode(plain.text, "rot13"), plain.places)
    yield PlainView(plain.text[::-1], plain.places[::-1])


def folded(text: str, gap: str = "") -> PlainView:
    """The text in the letters that its characters are variants of (NFKD); `gap` is put for invisible ones."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return PlainView(text, range(len(text)))
    letters = {character: _letters(character, gap) for character in set(text)}
    places = [place for place, character in enumerate(text) for _ in letters[character]]
    return PlainView("".join(map(letters.__getitem__, text)), places)


def _letters(character: str, gap: str) -> str:
    if character.isspace():
        return character
    if invisible(character):
        return gap
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if unicodedata.category(part) not in ("Mn", "Me"))


_LOOKALIKES = str.maketrans(
    "аеорсхуіјѕһԁԛԝӏкмнтвгиьАЕОРСХУІЈЅКМНТВαβεικνορτυχωγηΑΒΕΗΙΚΜΝΟΡΤΥΧΖᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢɑɡı",
    "aeopcxyijshdqwlkmhtbrubAEOPCXYIJSKMHTBabeikvoptuxwynABEHIKMNOPTYXZABCDEGHIJKLMNOPRSTUVWYZagi",
)
"""Cyrillic, Greek and small capitals by their looks: a few of Unicode's confusables (UTS 39)."""

_LEET = str.maketrans("013457@$", "oieastas")
_LEET_WORD = re.compile(r"[A-Za-z][013457@$]+[A-Za-z]")
_SPREAD = re.compile(r"(?<![^\W_])[^\W_]([ .\-_*])[^\W_](?:\1[^\W_])+(?![^\W_])")
"""Letters one by one, as in "i g n o r e" or "i.g.n.o.r.e"."""


def _squeezed(view: PlainView) -> PlainView:
    kept: list[int] = []
    end = 0
    for run in _SPREAD.finditer(view.text):
        kept += [*range(end, run.start()), *range(run.start(), run.end(), 2)]
        end = run.end()
    kept += range(end, len(view.text))
    return PlainView("".join(view.text[place] for place in kept), [view.places[place] for place in kept])


@dataclass(frozen=True, slots=True)
class Decoded:
    """What `original[start:end]` says; `hidden` if no reader could see that anything stands there."""

    start: int
    end: int
    text: str
    hidden: bool = False


def decoded(text: str) -> Iterator[Decoded]:
    """Every run of encoded text that decodes to something legible."""
    for pattern, decode in _CODES:
        for match in pattern.finditer(text):
            try:
                plain = decode(match.group())
                plain = plain.decode() if isinstance(plain, bytes) else plain
            except ValueError:  # binascii.Error and UnicodeDecodeError are ones
                continue
            if plain.strip() and all(one.isprintable() or one.isspace() for one in plain):
                yield Decoded(*match.span(), plain, pattern in (_TAGS, _SELECTORS))


_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007e]{4,}")
"""Unicode tags, invisible doubles of ASCII; after a black flag a few of them make a flag."""
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{6,}")
"""Variation selectors in a row, each of them a byte."""


_SIGNS = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..-"
_MORSE = dict(zip(f"{_SIGNS} -.-- --..".split(), "abcdefghijklmnopqrstuvwxyz", strict=True))


def _morse(run: str) -> str:
    return " ".join("".join(_MORSE.get(sign, "?") for sign in word.split()) for word in run.split("/"))


_CODES: list[tuple[re.Pattern[str], Callable[[str], bytes | str]]] = [
    (_TAGS, lambda run: "".join(chr(ord(one) - 0xE0000) for one in run)),
    (_SELECTORS, lambda run: bytes(ord(one) - (0xFE00 if one <= "\ufe0f" else 0xE00F0) for one in run)),
    (re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}"), lambda run: base64.b64decode(run.rstrip("=") + "==", "-_")),
    (
        re.compile(r"(?<!\w)(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){12,}(?!\w)"),
        lambda run: bytes.fromhex(re.sub(r"0x|\\x|[ ,:]", "", run)),
    ),
    (
        re.compile(r"(?:[01]{8}\s?){6,}"),
        lambda run: bytes(int(octet, 2) for octet in re.findall("[01]{8}", run)),
    ),
    # From the beginning of a word only, so that a long one is not read again from each of its letters.
    (re.compile(r"(?<!\S)(?=(?:\S*?%[0-9A-Fa-f]{2}){3})\S++"), unquote),
    (re.compile(r"(?:&#x?[0-9A-Fa-f]{1,6}; ?){6,}"), html.unescape),
    (re.compile(r"(?:\\u[0-9A-Fa-f]{4}){6,}"), lambda run: codecs.decode(run, "unicode_escape")),
    (re.compile(r"(?:[.-]{1,4}[ /]+){12,}[.-]{1,4}"), _morse),
]
