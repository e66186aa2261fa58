r"""Phrases: how texts talk to machines, as patterns over text without accents.

News is full of people who tell others what to do, and of reports on what machines were told. So an order counts
only where a sentence or clause begins with it, and only where it names what belongs to a machine: its
instructions, its answer, its user. Better one missed than an honest sentence silenced: what an answer may say is
checked elsewhere too.

How they are written: `~` is where a clause begins, a space the gap between two words of one sentence, and `@NAME`
one of the fragments below; all else is a regular expression. Every repetition is bounded or cannot be retried
from its middle, so that a text takes time in proportion to its length.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

Kind = Literal["override", "role", "address", "marker", "output", "link", "encoded", "invisible"]

TOKENS = re.compile(
    r"<(?=\|[^<>|\n]{1,40}\|>)"  # ChatML, Llama 3, Phi, DeepSeek
    r"|<(?=/?(?:start_of_turn|end_of_turn|bos|eos|tool_call|tool_response)>|</?SYS>>)"  # Gemma, Qwen, Llama 2
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])"  # Llama 2, Mistral
    r"|<(?=/?(?:system|assistant|human|instructions?|prompt|evidence)(?:\s[^<>\n]{0,80})?>)",
    re.IGNORECASE,
)
"""Where text spells a control token of a chat template or a tag of a role. The match is its first mark."""

TURNS = re.compile(
    r"<(?=/?(?:s|pad|unk|think|user|model|developer|article|document|context|question)(?:\s[^<>\n]{0,80})?>)"
    r"|^[^\w\n]*+(?:system|developer|user|human|assistant|ai|question|answer|article)(?=[*_\s]{0,3}:)"
    r"|^[^\w\n]*+(?<=[#\s*_])(?:instructions?|input|response)(?=[*_\s]{0,3}:)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where text could begin somebody's turn in a conversation, or close a part of a prompt, but need not."""

_FRAGMENTS = {
    "@DROP": r"(?:ignore|disregard|forget|override|bypass|discard|cancel|(?:do not|don't|stop) (?:follow|obey|use)(?:ing)?)",
    "@THE": r"(?:(?:all|any|every|of|the|these|those|your|my|our) ){0,3}",
    "@BEFORE": r"(?:previous|prior|preceding|earlier|above|foregoing|original|initial|system)",
    "@ORDERS": r"(?:instruction|prompt|direction|directive|command|guideline|rule)s?",
    "@TEXT": r"(?:message|context|document|text|content|sentence|passage|article)s?",
    "@AI": r"(?:(?:all|any|the|every) )?(?:ai|artificial intelligence|(?:large )?language model|llm|chat ?bot|chatgpt|automated system)s?(?: (?:reader|assistant|model|system|agent|tool)s?)?",
    "@A_BOT": r"(?:(?-i:DAN)|(?:an?|my|the) (?:\w{1,20} ){0,2}(?:ai|assistant|chatbot|bot|language model|persona))\b",
    "@REPLY": r"(?:answer|reply|response)",
    "@ANSWER": r"(?:answer|reply|respond)",
    "@LOUD": r"(?:[\"“'‘«]|(?-i:[A-Z]{4})\w{0,20}|\d\w{0,20})",
    "@REST": r"[^.!?\n]{0,80}",
}

_PHRASES: dict[Kind, tuple[str, ...]] = {
    "override": (
        r"~@DROP @THE(?:@BEFORE (?:\w{1,20} )?(?:@ORDERS|context)|(?:above|preceding) @TEXT|(?:\w{1,20} )?(?:@TEXT|@ORDERS) (?:above|(?:that |which )?you (?:were given|have been given|received)))",
        r"~@DROP (?:everything|anything|all)(?: (?:that )?you (?:were|have been) told)? (?:of )?(?:the )?(?:above|before this|so far)",
        r"~@DROP (?:all )?(?:of )?the above(?! (?:if|unless)\b)",
        r"~@DROP (?:your (?:@ORDERS|training|programming)|the articles? and @ANSWER)",
        r"your (?:real|true|actual|new) instructions? (?:start|begin|follow)s? (?:here|now)",
        r"~(?:ignorier(?:e|en sie|t)|vergiss|vergessen sie|missachte(?:n sie)?) (?:(?:alle|die|deine|ihre) ){0,2}(?:vorherig|bisherig|obig)\w{0,3} (?:anweisung|regel|instruktion|befehl)\w{0,3}",
        r"~(?:ignor|oubli)(?:e|ez|er) (?:toutes )?(?:les|tes|vos) (?:instructions|consignes|règles) (?:précédentes|antérieures|ci-dessus)",
        r"~(?:ignor[ae]|olvid[ae]) (?:todas )?(?:las|tus|sus) (?:instrucciones|indicaciones|reglas) (?:anteriores|previas)",
        r"~(?:(?:про)?игнорируй|забудь)(?:те)? (?:все )?(?:предыдущ|прежн)\w{0,3} (?:инструкци|указани|команд|правил)\w{0,3}",
        r"~(?:(?:про)?ігноруй|забудь|не зважай)(?:те)? (?:на )?(?:усі |всі )?(?:попередн)\w{0,3} (?:інструкці|вказівк|команд|правил)\w{0,3}",
        r"~ignor[ai] (?:tutte )?le istruzioni precedenti|zignoruj(?:cie)? (?:wszystkie )?poprzednie (?:polecenia|instrukcje)|忽略.{0,6}(?:指令|指示)",
    ),
    "role": (
        r"(?:you are now|from now on,? you are) @A_BOT",
        r"~(?:act as|pretend to be|pretend (?:that )?you are) @A_BOT",
        r"~(?:du bist (?:jetzt|nun|ab sofort) ein|tu es (?:maintenant|désormais) un|ahora eres un|теперь ты|відтепер ти) (?:ki|chatbot|assistant|asistente|бот|асистент)\b",
        r"you have been (?:switched|put|set) (?:in)?to (?:developer|debug|diagnostic|maintenance|admin|unrestricted) mode",
        r"~from now on,? (?:only |always )?(?:say|output|@ANSWER) (?:that|with|as|only|in)\b",
        r"~role(?:-| )play as|let(?: u|')s play a game in which you are",
        r"as an? (?:ai|(?:large )?language) (?:model|assistant|system),? you (?:must|should|will|have to|are)\b",
    ),
    "address": (
        r"(?:note|notice|message|attention|instructions?|dear)(?: to| for)?,? @AI ?[:,!]",
        r"if you are an? @AI(?:,| (?:reading|processing))",
        r"@AI (?:(?:that|which|who) (?:read|process|summari[sz]e|index)e?s?|reading|processing) this (?:@TEXT|page)",
        r"(?:developer|operator|maker)s? of this (?:ai )?(?:assistant|chatbot) (?:have|has|want|require|allow)",
        r"(?:(?:hinweis|mitteilung) an (?:alle )?|avis aux |aviso para (?:la )?|сообщение для |примітка для )(?:ki(?: (?:systeme|assistenten))?|assistants|ia|языковых моделей|штучного інтелекту) ?:",
        r"by order of @REST the (?:assistant|ai|chatbot)\b",
    ),
    "marker": (
        r"^[^\w\n]{0,9}(?-i:SYSTEM) ?:|(?:new|updated) system prompt ?:",
        r"^#{1,6} ?(?:system|assistant|user|developer)(?: (?:message|prompt|instructions?))? ?:?$",
        r"\[(?:system|admin|developer|operator) (?:notice|message|update|override|prompt)[^\]\n]{0,40}\]",
        r"^[^\w\n]{0,9}begin (?:admin|system|developer) (?:override|prompt|message)",
        r"^[^\w\n]{0,9}(?:begin|start|end) of (?:the )?(?:quoted text|context|document|evidence|prompt|instructions?)(?: \d{1,3})?[^\w\n]{0,9}$(?:\n[^\w\n]{1,9}$)?",
        r"^[^\w\n]{0,9}(?:user|human|question)[^\w\n]{0,3}:[^\n]{1,300}\n\s{0,3}[^\w\n]{0,3}(?:assistant|ai|answer)[^\w\n]{0,3}:",
        r"^article ?:[^\n]{0,200}$(?=\n1\.)",
    ),
    "output": (
        r"~(?:say|output|@ANSWER) (?:only|exactly|solely|nothing but) (?:with|the words?|:|@LOUD)",
        r"answer only (?-i:[A-Z]{4,20})",
        r"~@ANSWER with (?:(?:the |a )?(?:single|one|exact) word|that\b|(?:exactly|only|just|nothing but) (?:one word|the words?|@LOUD))",
        r"~@ANSWER in (?:capital letters|json|xml|base64)|(?:output|return|print) (?:exactly |only )?(?:this|the following|valid) (?:json|xml|html|yaml)",
        r"(?:begin|start|end|finish) (?:(?:every|each|all|any) @REPLYs? with\b|your @REPLY with (?:the (?:words?|phrase|link)|@LOUD))",
        r"[\"“]claims[\"”] ?: ?\[|[\"“]role[\"”] ?: ?[\"“](?:system|assistant|user)[\"”]",
        r"(?:each|every) claim you write|text of each claim|empty list of claims|as the only claim\b|every sentence of your @REPLY",
        r"~(?:add|append|include|insert|put) (?:the|this) (?:word|link|image|tag|string|sentence|phrase|text|url)s?\b[^\n]{0,80} (?:your|the) (?:@REPLY)",
        r"your @REPLY must (?:contain|end with|begin with) (?:the (?:words?|phrase|link)|@LOUD)|in your @REPLY,? (?:replace|say|state|write|name)\b|for your answer ?:",
        r"the user's question has been answered|answer to the user's question is|from the user ?: ",
        r"~tell the user (?:that|to|it)\b|(?:ответь|ответьте|отвечай) пользователю",
        r"(?:you|and) must tell the (?:user|reader)\b",
        r"~(?:say|@ANSWER) that (?:you cannot|the (?:corpus|context|articles?|information)\b)",
        r"~refuse to answer (?:any|every|all) questions?|do not answer (?:any )?questions about this @TEXT",
        r"~(?:if|when|whenever) (?:the user (?:is )?)?(?:asked|asks) (?:about|for|what|which|who|how|when|where|whether)\b[^.!?\n,]{0,80}+, (?:(?:always|simply|just|only) (?:say|@ANSWER)\b|@ANSWER (?:that|with|@LOUD)|say @LOUD)",
        r"~whatever the question\b@REST (?:you (?:give|must|should|will)|@ANSWER with)\b",
        r"(?:anyone|whoever|users?) (?:who )?asks?\b@REST (?:should|must) be told that\b",
        r"the answer to (?:any|every|all) questions?\b@REST is @LOUD",
        r"(?:summaries|answers) (?:of|about) this @TEXT (?:should|must) (?:state|say|give|mention)",
        r"in (?:all |any |your )?answers (?:(?:have|has|must|should) (?:to )?be (?:given|named|rendered|stated)|is\b)",
        r"~cite this (?:@TEXT|paragraph )?(?: ?as) (?:\[?\d|the source)|do not cite any other|when you cite,? attribute",
        r"quote only the following (?:sentence|words|text)",
        r"only (?:admissible|acceptable) (?:source|answer|citation) for this question",
        r"~for all questions\b@REST only (?:acceptable|admissible)",
    ),
    "link": (
        r"~(?:visit|open|load|fetch) this (?:url|link|page) (?:before you answer|and (?:follow|obey))|(?:fetch|curl|wget|execute) https?:",
        r"!\[[^\]\n]{0,80}+\]\( ?https?:[^)\s]{0,200}(?:[{<\[$]|[?&](?:q|query|data|answer|prompt|history|question)=)",
        r"<img [^<>{\[$]{0,200}+[{\[$]",
        r"~(?:reveal|repeat|print|output|show) your (?:\w{1,20} )?(?:prompt|instructions|system message)",
    ),
}

_CLAUSE = r"(?:^[^\w\n]{0,9}+|(?<=[.!?:;>])[^\w\n]{1,5}+)(?=\w)(?:(?:please|now|always|then|stop|just) ,?)?"


def _either(phrases: tuple[str, ...]) -> str:
    starting = "|".join(phrase[1:] for phrase in phrases if phrase[0] == "~") or "(?!)"
    pattern = "|".join([f"{_CLAUSE}(?:{starting})", *(phrase for phrase in phrases if phrase[0] != "~")])
    for name, fragment in _FRAGMENTS.items():
        pattern = pattern.replace(name, fragment)
    pattern = pattern.replace(" ?", r"[^\w\n]?").replace(" ", r"(?:[^\w.!?]|_){1,3}")
    decomposed = unicodedata.normalize("NFKD", pattern)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@cache
def phrases() -> re.Pattern[str]:
    """What to look for, in all languages; the last group's name is its kind. Compiled when first needed."""
    kinds = "|".join(f"(?P<{kind}>{_either(some)})" for kind, some in _PHRASES.items())
    # Whole words; what begins or ends with a mark may touch one.
    return re.compile(rf"(?<!\w)(?:{kinds})(?:(?<!\w)|(?!\w))", re.IGNORECASE | re.MULTILINE)


SUSPICIOUS = re.compile(r"\b(?:ignore|disregard|instructions?|reply|respond|answer|output|prompt)\b", re.I)
"""A word of these must stand in a disguised text for it to be searched."""
