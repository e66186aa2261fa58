"""Scorers of citations: do the quotes support the claims, are they the right ones, and are they verbatim?"""

from __future__ import annotations

from assistant.evaluation.gold.cases import Case
from assistant.evaluation.scorers.matching import holds
from assistant.evaluation.scorers.score import Articles, Score, share
from assistant.evaluation.scorers.support import supports
from assistant.schema import Answer


def citation_precision(case: Case, answer: Answer) -> Score:
    """Share of the claims' citations that support their claim, alone or needed beside the claim's others.

    After Gao et al., "Enabling Large Language Models to Generate Text with Citations" (EMNLP 2023), with
    `support.supports` in place of an entailment model: a citation counts against the answer if it does not
    support the claim alone, and the claim has support without it or none at all. None without citations.
    """
    quotes = {citation.number: citation for citation in answer.citations}
    total, stray = 0, []
    for claim in answer.claims:
        cited = [quotes[number] for number in claim.citations if number in quotes]
        total += len(cited)
        for one in cited:
            others = [other for other in cited if other is not one]
            needed = supports(claim.text, cited) and not supports(claim.text, others)
            if not needed and not supports(claim.text, [one]):
                stray.append(f"[{one.number}] {one.article}")
    if not total:
        return Score("citation precision", None, "no citations")
    return share("citation precision", total, stray, "no support for their claims")


def citation_recall(case: Case, answer: Answer) -> Score:
    """Share of the claims that their citations, taken together, support. None without claims.

    After Gao et al. (EMNLP 2023), as `citation_precision`.
    """
    if not answer.claims:
        return Score("citation recall", None, "no claims")
    quotes = {citation.number: citation for citation in answer.citations}
    bare = [
        claim.text
        for claim in answer.claims
        if not supports(claim.text, [quotes[number] for number in claim.citations if number in quotes])
    ]
    return share("citation recall", len(answer.claims), bare, "unsupported")


def evidence_cited(case: Case, answer: Answer) -> Score:
    """Share of citations that are of an evidence article, or whose quote itself holds an expected form.

    Whether the right thing is cited, whatever it is cited for. None without citations or evidence.
    """
    if not answer.citations or not case.evidence:
        return Score("evidence cited", None, "no citations" if case.evidence else "no evidence")
    gold = {evidence.article for evidence in case.evidence}
    forms = [form for group in case.expect for form in group]
    stray = [
        f"[{citation.number}] {citation.article}"
        for citation in answer.citations
        if citation.article not in gold and not any(holds(citation.quote, form) for form in forms)
    ]
    return share("evidence cited", len(answer.citations), stray, "beside the evidence")


def quotes_verbatim(case: Case, answer: Answer, *, articles: Articles) -> Score:
    """Share of citations whose quote is exactly `text[start:end]` of its article. None without any."""
    if not answer.citations:
        return Score("quotes verbatim", None, "no citations")
    false = [
        f"[{citation.number}] {citation.article}"
        for citation in answer.citations
        if citation.article not in articles
        or articles[citation.article].text[citation.start : citation.end] != citation.quote
    ]
    return share("quotes verbatim", len(answer.citations), false, "not verbatim")
