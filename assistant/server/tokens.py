"""The server's access token: created on first start, readable only by its user.

Cheap to import, because `ask --server` loads it.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "ASSISTANT_TOKEN"
FILE = "server-token"
SHORTEST = 16
"""Characters that a token given in the environment needs: a shorter one can be guessed."""


def token_file() -> Path:
    """Where the token lies, in the user's data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("news-assistant")) / FILE


def server_token(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The token to ask for, and where it is from, for the person: from the environment, else from the file.

    The file is made, with mode 0600, where there is none; one that others could read or write is made anew.
    Raises ServerError.
    """
    if given := _given(environment):
        return given, VARIABLE
    file = token_file()
    try:
        if (kept := _private(file)) is not None:
            return kept, str(file)
        file.unlink(missing_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        return _made(file), str(file)
    except OSError as error:
        raise ServerError(
            f"cannot keep the token in {file} ({error.strerror}); set {VARIABLE} to one"
        ) from None


def known_token(*, here: bool, environment: Mapping[str, str] = os.environ) -> str | None:
    """The token to send: from the environment; else from the file, if the server is `here`, on this machine.

    The file's is never sent to another machine: it opens the server of this one. Raises ServerError for one
    in the environment that no server can have.
    """
    if given := _given(environment):
        return given
    try:
        return _private(token_file()) if here else None
    except OSError:
        return None


def _given(environment: Mapping[str, str]) -> str | None:
    """The token in the environment. Raises ServerError for one that can be guessed, or fits in no header."""
    given = environment.get(VARIABLE)
    if given and (len(given) < SHORTEST or not (given.isascii() and given.isprintable()) or " " in given):
        raise ServerError(f"{VARIABLE} is no token; give {SHORTEST} or more letters and digits")
    return given or None


def _made(file: Path) -> str:
    """A new token, complete before it is seen under the file's name; or another server's that was first."""
    token = secrets.token_urlsafe(32)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(f"{token}\n")
        try:
            os.link(draft, file)
        except FileExistsError:
            token = _private(file) or token
    finally:
        draft.unlink(missing_ok=True)
    return token


def _private(file: Path) -> str | None:
    """The token in the file; None where there is none, or where others could have read or written it."""
    try:
        opened = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    with os.fdopen(opened, encoding="ascii", errors="replace") as lines:
        status = os.fstat(opened)
        if os.name == "posix" and (stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.getuid()):
            return None
        token = lines.read(1000).strip()
    return token if len(token) >= SHORTEST and token.isascii() else None
