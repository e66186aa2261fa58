"""The view of a server: the articles that its own limits let through, which no request can widen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from assistant.api.selection import unknown
from assistant.errors import SettingsError
from assistant.index.filters import Filters

if TYPE_CHECKING:
    from assistant.index.catalogue.lexical import Catalogue

Value = TypeVar("Value")


def narrowed(view: Filters, asked: Filters, catalogue: Catalogue) -> Filters:
    """What passes both the server's limits and those of a request.

    Raises SettingsError for a request outside of the view, and for a section or outlet that no article in it
    has. Its message names nothing but what the view shows.
    """
    as_of = _stricter(min, view.as_of, asked.as_of)
    since = _stricter(max, view.since, asked.since)
    in_order(as_of, since)
    if not catalogue.matching(view):
        raise SettingsError("no article passes this server's own limits; correct its options")
    both = Filters(as_of, since, view.section, view.outlet)
    for name in ("section", "outlet"):
        wanted, fixed = getattr(asked, name), getattr(view, name)
        if wanted is None or (fixed is not None and wanted.casefold() == fixed.casefold()):
            continue
        if fixed is not None:
            raise SettingsError(f"this server shows only the {name} {fixed!r}; leave {name} out")
        if not catalogue.matching(replace(view, **{name: wanted})):
            raise unknown(name, wanted, catalogue.known(name, view))
        both = replace(both, **{name: wanted})
    return both


def in_order(as_of: dt.date | None, since: dt.date | None) -> None:
    """Raises SettingsError for days that exclude each other."""
    if as_of and since and as_of < since:
        raise SettingsError(f"nothing is both since {since} and as of {as_of}; correct one of them")


def _stricter(
    choose: Callable[[Iterable[Value]], Value], view: Value | None, asked: Value | None
) -> Value | None:
    given = [day for day in (view, asked) if day is not None]
    return choose(given) if given else None


def described(view: Filters) -> str:
    """The limits as a sentence; empty where there are none."""
    parts = {
        "the section": view.section,
        "the outlet": view.outlet,
        "days from": view.since,
        "days up to": view.as_of,
    }
    listed = ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None)
    return f"Only a part of them can be seen: {listed}." if listed else ""
