"""Finds the files of a corpus, in a stable order, leaving out those whose names are not an article's."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from stat import S_ISREG

from assistant.corpus.report import Report
from assistant.errors import CorpusError, reason

IGNORE_FILE = ".assistantignore"
"""At the top of a corpus: patterns of what is left out, as in a .gitignore."""

_FOLDERS = frozenset(
    "node_modules site-packages dist-packages venv env virtualenv __pycache__ __MACOSX".split()
)
_FILES = re.compile(
    r"~\$.*|.*~|#.*#|.*\.(?:bak|swp|swo|tmp|temp|orig|rej|part|crdownload|lock)|robots\.txt|humans\.txt|ads\.txt"
    r"|security\.txt|requirements[\w.-]*\.txt|constraints\.txt|CMakeLists\.txt|package(?:-lock)?\.json"
    r"|npm-shrinkwrap\.json|composer\.json|tsconfig[\w.-]*\.json|poetry\.toml|Thumbs\.db|desktop\.ini"
    r"|(?:README|CHANGELOG|CONTRIBUTING|LICENSE|LICENCE|COPYING|NOTICE)(?:\.(?:txt|md))?|sitemap[\w.-]*\.xml",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a corpus: where it lies, and its path below the corpus with '/' between the parts."""

    place: str
    below: str

    @property
    def path(self) -> Path:
        """Where it lies; made when it is asked for, as many paths take long."""
        return Path(self.place)


@dataclass(frozen=True, slots=True)
class Look:
    """What the system says of a corpus's files together; none was read."""

    stamp: str
    """A digest of their names, sizes and times: while it is the same, nothing was touched."""
    size: int
    """Bytes."""
    touched: int
    """When one was last written, renamed or given other rights, in nanoseconds since 1970."""


def files_of(path: Path, report: Report, exclude: Sequence[str] = ()) -> Iterator[File]:
    """The files of a folder and its sub-folders, sorted, or the one file.

    Hidden files, what is no article by its name, and what `exclude` and `.assistantignore` name are left out
    and counted in `report`.

    Raises:
        CorpusError: there is no such path.
    """
    try:
        path.stat()
    except (OSError, ValueError) as error:
        raise CorpusError(f"{shown(path)}: cannot be read ({reason(error)}); correct the path") from None
    if not path.is_dir():
        yield File(str(path), path.name)
        return
    ignored = _ignored(path, exclude)
    top = str(path)
    for folder, names in _walk(top, report, ignored):
        inside = folder[len(top) :].strip(os.sep).replace(os.sep, "/")
        prefix, place = f"{inside}/" if inside else "", os.path.join(folder, "")  # noqa: PTH118
        for name in sorted(names):
            below = prefix + name
            if name.startswith("."):
                continue
            if _FILES.fullmatch(name):
                report.left_out(_rule(name))
            elif ignored(below):
                report.left_out("excluded")
            else:
                yield File(place + name, below)


def is_left_out(below: str, report: Report) -> bool:
    """Whether a path in an archive is none of an article, by the same rules; counted where it is."""
    *folders, name = below.split("/")
    if any(part.startswith(".") for part in (*folders, name)):
        return True
    rule = next((part for part in folders if part in _FOLDERS), "") or (
        _FILES.fullmatch(name) and _rule(name)
    )
    if rule:
        report.left_out(rule)
    return bool(rule)


def look_at(path: Path, exclude: Sequence[str] = (), report: Report | None = None) -> Look:
    """Looks at a corpus's files; `report` is told as by `files_of`.

    Reads no file. Raises CorpusError when there is no such path.
    """
    digest, size, touched = hashlib.sha256(), 0, 0
    for file in files_of(path, report or Report(), exclude):
        try:
            stat = os.stat(file.place)  # noqa: PTH116 - a Path takes longer than the system
        except OSError:  # gone between listing and looking
            continue
        line = f"{file.below}\0{stat.st_size}\0{stat.st_mtime_ns}\n"
        digest.update(line.encode(errors="surrogateescape"))
        size += stat.st_size
        touched = max(touched, stat.st_mtime_ns, stat.st_ctime_ns)
    return Look(digest.hexdigest(), size, touched)


def corpus_stamp(path: Path, exclude: Sequence[str] = ()) -> str:
    """The `stamp` of a look at a corpus. Raises CorpusError when there is no such path."""
    return look_at(path, exclude).stamp


def is_regular(path: Path) -> bool:
    """Whether it is a file: a named pipe would block for ever, and a dangling link is no file either."""
    try:
        return S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def shown(path: Path | str) -> str:
    """A path as one line that any terminal can print."""
    return "".join(char if char.isprintable() else "?" for char in str(path))


def normal(name: str) -> str:
    """An id as it is stored: one code point for a letter and its accent, and nothing that cannot be typed."""
    parts = (name[start : start + 1000] for start in range(0, len(name), 1000))  # a long row of marks is slow
    typeable = "".join(
        "_" if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char
        for part in parts
        for char in unicodedata.normalize("NFC", part)
    )
    return typeable.strip()


def _rule(name: str) -> str:
    if name.startswith("~$"):
        return "~$ file"
    suffix = PurePath(name).suffix.lower()
    return name.lower() if suffix in (".txt", ".json", ".xml", ".md") else f"{suffix or name} file"


def _ignored(top: Path, exclude: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path below the corpus is left out by a pattern; a folder ends in '/'."""
    lines = list(exclude)
    with contextlib.suppress(OSError):
        lines[:0] = (top / IGNORE_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    if not any(line.strip() for line in lines):
        return lambda below: False
    from pathspec import PathSpec

    try:
        spec = PathSpec.from_lines("gitignore", lines)
    except ValueError as error:
        raise CorpusError(f"--exclude or {IGNORE_FILE}: {reason(error)}; write it as in .gitignore") from None
    return spec.match_file


def _walk(top: str, report: Report, ignored: Callable[[str], bool]) -> Iterator[tuple[str, list[str]]]:
    """Each folder once, through links too; links that lead back therefore end."""

    def unreadable(error: OSError) -> None:
        where = shown(error.filename)
        message = f"{where}: cannot be read ({reason(error)}); check its permissions"
        report.passed_over(message, "folder", "cannot be read")

    seen: set[str] = set()
    for folder, folders, names in os.walk(top, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders[:] = []
            continue
        seen.add(real)
        kept = []
        for name in sorted(folders):
            below = f"{folder[len(top) :].strip(os.sep).replace(os.sep, '/')}/{name}/".lstrip("/")
            if name.startswith("."):
                continue
            if name in _FOLDERS or Path(folder, name, "pyvenv.cfg").exists():
                report.left_out(name)
            elif ignored(below):
                report.left_out("excluded")
            else:
                kept.append(name)
        folders[:] = kept
        yield folder, names
