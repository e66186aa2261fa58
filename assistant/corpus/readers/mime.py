"""Messages as MIME has them: mail, and pages saved with all their parts."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

LONGEST_HEADER = 2000
"""Characters of a header that are read: the parser takes far longer for more."""


class _Policy(EmailPolicy):
    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:LONGEST_HEADER])


_POLICY = _Policy()


def message_of(data: bytes) -> EmailMessage:
    """The message; asking it for headers and parts that are broken raises errors of many kinds."""
    message: EmailMessage = message_from_bytes(data, policy=_POLICY)  # type: ignore[arg-type]
    return message
