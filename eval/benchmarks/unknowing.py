"""Does a model's free text say that it does not know?"""

from __future__ import annotations

import re

from assistant.corpus.chunking import sentence_spans

_CANNOT = r"(?:(?:do|can|could)\s+not|cannot|(?:do|ca|could)n[’']t)\s+(?:\w+ly\s+)?"
_DOES_NOT = r"(?:do|does|did)(?:\s+not|n[’']t)\s+(?:\w+ly\s+)?"
_SOURCE = r"(?:context|passages?|texts?|articles?|documents?|excerpts?|information)"
_GIVEN = r"(?:(?:provided|given|retrieved|available|above|supplied)\s+(?:to\s+me\s+|here\s+)?)?"
_TELLS = (
    r"(?:mention|say|state|specify|provide|contain|include|give|indicate|tell|offer|reveal|disclose|have|name|"
    r"address|discuss|identify|detail|explain)"
)

_QUOTED = re.compile(r'"[^"]*"|“[^”]*”')
_UNKNOWN = re.compile(
    "|".join(
        (
            # I don't know; I cannot answer; we do not have enough information
            rf"\b(?:I|we)\s+(?:\w+ly\s+)?{_CANNOT}"
            r"(?:know|say|tell|answer|determine|find|provide|have\s+(?:\w+\s+){0,2}(?:information|details?))\b",
            r"\b(?:I\s+am|I[’']m|we\s+are)\s+(?:not\s+(?:sure|able|certain)|unable|unsure)\b",
            # The context does not say
            rf"\b{_SOURCE}\s+{_GIVEN}(?:itself\s+)?{_DOES_NOT}{_TELLS}\b",
            # It is not mentioned in the context
            rf"\b(?:is|are|was|were|has\s+been)(?:\s+not|n[’']t)\s+(?:\w+ly\s+)?"
            r"(?:mentioned|stated|specified|provided|given|found|available|included|named|described)\s+"
            rf"(?:anywhere\s+)?(?:in|by|within)\s+(?:the|this|these|any\s+of\s+the)\s+{_GIVEN}{_SOURCE}\b",
            # There is no information about this
            r"\bthere\s+(?:is|are|was)\s+(?:no|not\s+enough|insufficient)\s+(?:\w+\s+)?(?:information|mention|details?)\b",
            r"\bno\s+(?:\w+\s+)?(?:information|mention)\b.*\b(?:in|by)\s+the\b.*\b(?:context|passages?|articles?)\b",
            r"\b(?:cannot|can[’']t|can\s+not)\s+be\s+(?:determined|answered|known)\b",
            r"\b(?:not\s+possible|impossible)\s+to\s+(?:determine|say|tell|answer|know)\b",
        )
    ),
    re.IGNORECASE,
)


def does_not_know(reply: str) -> bool:
    """Whether its first sentence says so, in words of its own and not in those of somebody it quotes."""
    first = next(iter(sentence_spans(reply)), (0, 0))
    return bool(_UNKNOWN.search(_QUOTED.sub(" ", reply[first[0] : first[1]])))
