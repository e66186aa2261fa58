"""What looks like something else than an article: a template, a consent page, a paywall's notice.

Such pages are read all the same, and named: whoever looks for an article that is missing finds out why.
"""

from __future__ import annotations

import re

from assistant.corpus.article import Article

FEW_WORDS = 200
"""A longer text is an article that speaks of consent or subscriptions."""

_TEMPLATE = re.compile(
    r"\{\{[^{}\n]{0,80}\}\}|\{%[^%\n]{0,80}%\}|<%[^%\n]{0,80}%>|\blorem ipsum\b", re.IGNORECASE
)
_CONSENT = re.compile(
    r"\b(?:we|our|us|this site|this website|wir|nous|utilizamos)\b.{0,120}\bcookies?\b"
    r"|\bcookies?\b.{0,120}\b(?:accept|consent|preferences|akzeptieren|zustimm\w+|accepter|aceptar)\b"
    r"|\b(?:before you continue|verify you are human|enable javascript|checking your browser)\b",
    re.IGNORECASE | re.DOTALL,
)
_PAYWALL = re.compile(
    r"\bsubscribe (?:now )?to (?:continue|read|keep)|\balready a subscriber\b|\bsubscribers only\b"
    r"|\bto continue reading\b|\bcreate a free account to read\b|\bfree articles? (?:left|remaining)\b"
    r"|\bjetzt weiterlesen\b|\bnur für abonnenten\b|\bréservé aux abonnés\b|\bsolo para suscriptores\b",
    re.IGNORECASE,
)


def suspicion(article: Article) -> str:
    """What an article looks like rather than one, in a few words; empty for most."""
    text = article.text
    if _TEMPLATE.search(article.title):
        return "a template"
    # Long texts are many, and are looked at once for what any template has.
    if len(text) > FEW_WORDS * 12 and not any(sign in text for sign in ("{{", "{%", "<%")):
        return ""
    if len(_TEMPLATE.findall(text)) * 60 > len(text.split()):
        return "a template"
    if len(text.split()) > FEW_WORDS:
        return ""
    if _PAYWALL.search(text):
        return "a paywall notice"
    return "a consent page" if _CONSENT.search(text) else ""
