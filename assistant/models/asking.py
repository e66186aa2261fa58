"""What answering asks a language model with, named without importing LangChain.

That takes longer than a search, and is needed only once a model is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assistant.models.prompts import Prompt

if TYPE_CHECKING:
    from assistant.models.chat.structured_output import StructuredChat
else:
    StructuredChat = Any

__all__ = ["Prompt", "StructuredChat"]
