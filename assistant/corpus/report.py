"""A report on reading a corpus: what was read, what was skipped and why, and what the articles lack.

Everything is counted; as many messages are kept as the caller asked for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields

from assistant.errors import CorpusError

Notice = Callable[[str], None]

TOLD_EACH = 5
"""Messages of one kind that are told by themselves; the rest is counted."""

LISTED = 12
"""Names in one line of the summary."""


class PassedOver(CorpusError):
    """A file, or an article in one, that is not read; `why` is the reason in two or three words."""

    def __init__(self, message: str, why: str = "cannot be read") -> None:
        super().__init__(message)
        self.why = why


@dataclass(slots=True)
class Summary:
    """The counts, as the index remembers them; keys are words that a person reads."""

    read: int = 0
    lost: int = 0
    """How many of those passed over may be articles; pictures and programs are none."""
    first: str = ""
    """The first message of what was passed over."""
    foreign: int = 0
    """How many articles are not in English."""
    passed_over: dict[str, dict[str, int]] = field(default_factory=dict)
    """Kind of file -> reason -> how many."""
    left_out: dict[str, int] = field(default_factory=dict)
    """What rules leave out, such as node_modules or an --exclude."""
    notices: dict[str, int] = field(default_factory=dict)
    """What was read all the same, such as "encoding guessed"."""
    lacking: dict[str, int] = field(default_factory=dict)
    """"date", "outlet", "title of its own" -> articles without one."""
    boilerplate: dict[str, int] = field(default_factory=dict)
    """Site -> paragraphs that repeat over its articles and are left out of them."""
    suspect: dict[str, int] = field(default_factory=dict)
    """What an article looks like rather than one, such as "a consent page"."""
    unknown_keys: dict[str, int] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    """Messages that were told, but for those of a report that tells all."""
    untold: int = 0
    """Messages that were counted and not told."""
    dated_keys: list[str] = field(default_factory=list)
    """Those unknown keys that hold dates."""

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str | None) -> Summary:
        """What `dump` wrote; an empty summary for anything else."""
        try:
            known = {one.name for one in fields(cls)}
            return cls(**{name: value for name, value in json.loads(text or "{}").items() if name in known})
        except (ValueError, AttributeError, TypeError, RecursionError):
            return cls()

    def lines(self) -> Iterator[str]:
        """The summary in words, a line for each thing there is to say."""
        total = sum(sum(why.values()) for why in self.passed_over.values())
        kinds = [
            f"{sum(why.values())} {kind} ({'; '.join(reasons(why))})"
            for kind, why in sorted(
                self.passed_over.items(), key=lambda item: (-sum(item[1].values()), item[0])
            )
        ]
        passed = f"; passed over {total}: {_listed(kinds)}" if total else ""
        yield f"read {_plural(self.read, 'article')}{passed}"
        if self.left_out:
            yield f"left out: {_listed(_counted(self.left_out))}"
        if self.notices:
            yield f"read with a notice: {_listed(_counted(self.notices))}"
        if self.lacking:
            lacking = [
                f"{_plural(n, 'article')} without {'an' if name[0] in 'aeiou' else 'a'} {name}"
                for name, n in self.lacking.items()
            ]
            yield f"lacking: {_listed(lacking)}"
        if self.boilerplate:
            sites = [
                f"{count} of {site or 'articles without an outlet'}"
                for site, count in self.boilerplate.items()
            ]
            yield f"repeated lines taken out of texts and titles: {_listed(sites)}"
        if self.suspect:
            yield f"may be no articles: {_listed(_counted(self.suspect))}"
        if self.unknown_keys:
            keys = [key for key, _ in Counter(self.unknown_keys).most_common()]
            dated = [key for key in keys if key in self.dated_keys]
            remedy = (
                f"; where it is the date: --map date={dated[0]}" if dated and self.lacking.get("date") else ""
            )
            yield f"keys without a meaning here: {_listed(keys)}{remedy}"
        if self.untold:
            yield f"{_plural(self.untold, 'more message')}: assistant index --list-skipped names each"


def reasons(why: dict[str, int]) -> list[str]:
    """The reasons of one kind, with their number where there are several."""
    if len(why) == 1:
        return list(why)
    return [f"{count} {reason}" for reason, count in sorted(why.items(), key=lambda item: -item[1])]


def _counted(counts: dict[str, int]) -> list[str]:
    return [f"{count} {name}" for name, count in Counter(counts).most_common()]


def _listed(names: list[str]) -> str:
    more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


class Report:
    """Where readers say what they came across, while they read."""

    def __init__(self, tell: Notice | None = None, *, strict: bool = False, tell_all: bool = True) -> None:
        """`tell` gets one line each, all of them or the first few of a kind. With `strict`, each is raised as
        a CorpusError instead."""
        self.summary = Summary()
        self.first = ""
        """The first message, which explains why nothing could be read."""
        self._tell, self._strict, self._all = tell, strict, tell_all
        self._told: Counter[str] = Counter()

    def passed_over(self, message: str, kind: str, why: str) -> None:
        """A file or an article that is not read."""
        message = self._line(message)
        self.summary.lost += 1
        self.summary.first = self.summary.first or message
        self.unread_kind(message, kind, why, tell=True)

    def unread_kind(self, message: str, kind: str, why: str, *, tell: bool = False) -> None:
        """A file of a kind that holds no article, such as a picture: counted, and no failure."""
        counts = self.summary.passed_over.setdefault(kind, {})
        counts[why] = counts.get(why, 0) + 1
        if tell or self._all:
            self._say(message, f"{kind} {why}")
        else:
            self.summary.untold += 1

    def notice(self, message: str, why: str) -> None:
        """Something that was read, though not as it stands."""
        message = self._line(message)
        self.summary.notices[why] = self.summary.notices.get(why, 0) + 1
        self._say(message, why)

    def count(self, why: str) -> None:
        """Something worth knowing of an article, and no fault of it."""
        self.summary.notices[why] = self.summary.notices.get(why, 0) + 1

    def left_out(self, rule: str) -> None:
        """Something that a rule leaves out."""
        self.summary.left_out[rule] = self.summary.left_out.get(rule, 0) + 1

    def lacks(self, what: str) -> None:
        """An article without a date, an outlet, or a title of its own."""
        self.summary.lacking[what] = self.summary.lacking.get(what, 0) + 1

    def suspect(self, message: str, what: str) -> None:
        """An article that looks like something else; it is read."""
        self.summary.suspect[what] = self.summary.suspect.get(what, 0) + 1
        self._say(message, what)

    def unknown(self, key: str, *, dated: bool) -> None:
        """A key that no field is known by."""
        keys = self.summary.unknown_keys
        if key in keys or len(keys) < 200:
            keys[key] = keys.get(key, 0) + 1
        if dated and key in keys and key not in self.summary.dated_keys:
            self.summary.dated_keys.append(key)

    def _line(self, message: str) -> str:
        """A message as one line, whatever of a file it quotes."""
        line = " ".join(message.split())
        if self._strict:
            raise CorpusError(line)
        return line

    def _say(self, message: str, group: str) -> None:
        self.first = self.first or message
        self._told[group] += 1
        if not self._all and self._told[group] > TOLD_EACH:
            self.summary.untold += 1
        elif self._tell:
            self._tell(message)
            if not self._all:
                self.summary.told.append(message)
