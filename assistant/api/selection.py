"""Sections, outlets and articles by name, checked against the corpus."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.corpus.walking import normal
from assistant.errors import SettingsError, quoted
from assistant.index.filters import Filters

if TYPE_CHECKING:
    from assistant.corpus.articles import Article
    from assistant.index.catalogue.lexical import Catalogue

LISTED = 12
"""Sections or outlets listed in the error for an unknown one."""


def limits(
    catalogue: Catalogue,
    as_of: dt.date | None = None,
    since: dt.date | None = None,
    section: str | None = None,
    outlet: str | None = None,
) -> Filters:
    """The filters for these limits.

    Raises SettingsError for contradictory days, and for a section or outlet that no article has; otherwise
    it would look as if the corpus did not say.
    """
    if as_of and since and as_of < since:
        raise SettingsError(f"--since {since} is after --as-of {as_of}; correct one of them")
    for name, value, alone in (
        ("section", section, Filters(section=section, earlier=True)),
        ("outlet", outlet, Filters(outlet=outlet, earlier=True)),
    ):
        if value is not None and not catalogue.matching(alone):
            raise unknown(name, value, catalogue.known(name))
    return Filters(as_of, since, section, outlet)


def unknown(name: str, value: str, known: list[str]) -> SettingsError:
    """The error that no article has this section or outlet, with those there are."""
    listed = ", ".join(known[:LISTED]) + (" ..." if len(known) > LISTED else "")
    return SettingsError(f"no article has the {name} {quoted(value)}; there are: {listed or 'none'}")


def article_named(name: str, catalogue: Catalogue, filters: Filters = Filters()) -> Article:
    """The article with this id, in any Unicode form, if it passes the filters. Earlier versions count, since
    answers as of a day cite them.

    Raises SettingsError that suggests similar ids.
    """
    known = name if catalogue.article(name) else normal(name)
    one = replace(filters, articles=(known,), earlier=True)
    found = catalogue.article(known) if catalogue.matching(one) else None
    if found is None:
        from rapidfuzz.process import extract

        near = [match[0] for match in extract(name, catalogue.matching(filters), limit=3)]
        hint = f"did you mean {', '.join(near)}?" if near else "no article can be seen under these limits"
        raise SettingsError(f"no article {quoted(name)}; {hint}")
    return found
