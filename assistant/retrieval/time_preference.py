"""Time preference: the ranking bonus that an article's day gives its passages.

A question that names a day, a month or a relative day prefers articles from around that time. One about the
present ("latest", "now", "still") prefers newer ones. Any other has no preference.
"""

from __future__ import annotations

import datetime as dt
import math

from assistant.text.dates import Period, Times

PERIOD_WEIGHT = 2.0
"""What being of the right time adds to a passage's logit; chosen on the dev half of gold."""

PRESENT_WEIGHT = 1.0
"""What being new adds to a passage's logit when the question is about the present; chosen likewise."""

REPORTING_DAYS = 7
"""An event is still reported a week after it; an article that much later is as near as one of the day."""

FADING_DAYS = 10.0
"""Days further off at which nearness has fallen to 1/e."""

PRESENT_FADING_DAYS = 60.0
"""Age at which an article's newness has fallen to 1/e."""


def time_preference(times: Times, published: dt.date | None) -> float:
    """What an article's day adds to its passages' logits; 0 for an undated one."""
    if published is None:
        return 0.0
    if times.periods:
        return PERIOD_WEIGHT * max(_nearness(published, period) for period in times.periods)
    if times.present:
        return PRESENT_WEIGHT * math.exp(-max(0, (times.today - published).days) / PRESENT_FADING_DAYS)
    return 0.0


def _nearness(published: dt.date, period: Period) -> float:
    """1 within the period or reported shortly after it, falling to 0 with the days further off."""
    early = (period.start - published).days
    late = (published - period.end).days - REPORTING_DAYS
    return math.exp(-max(0, early, late) / FADING_DAYS)
