r"""Phrases: how texts talk to machines, as patterns over text without accents.

News is full of people who tell others what to do ("he told reporters: ignore the noise"), so a phrase counts
only where it also names what belongs to a machine: its instructions, its answer, its user. Better one missed
than an honest sentence silenced: what an answer may say is checked elsewhere too.

How they are written: `~` is where a clause begins, a space any gap between two words of one sentence, and
`@NAME` one of the fragments below; all else is a regular expression.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

Kind = Literal["override", "role", "address", "marker", "output", "answer", "link", "encoded", "invisible"]

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
    r"|^[^\w\n]*(?:system|developer|user|human|assistant|ai|question|answer|article)(?=[*_\s]{0,3}:)"
    r"|^[^\w\n]*#[^\w\n]*(?:instructions?|input|response)(?=[*_\s]{0,3}:)",
    re.IGNORECASE | re.MULTILINE,
)
"""Where text could begin somebody's turn in a conversation, or close a part of a prompt, but need not."""

_FRAGMENTS = {
    "@DROP": r"(?:ignore|disregard|forget|override|overrule|bypass|discard|cancel|erase|do not (?:follow|obey|heed|use)|don't (?:follow|obey|heed|use)|stop (?:following|obeying))",
    "@THE": r"(?:(?:all|any|every|of|the|these|those|your|my|our) ){0,3}",
    "@BEFORE": r"(?:previous|prior|preceding|earlier|above|foregoing|former|original|initial|system|existing)",
    "@ORDERS": r"(?:instruction|prompt|direction|directive|command|guideline|rule)s?",
    "@TEXT": r"(?:message|context|document|text|content|sentence|passage|article|evidence|question|input)s?",
    "@AI": r"(?:(?:all|any|the|every|our) )?(?:ai|artificial intelligence|(?:large )?language model|llm|chat ?bot|(?:ai|virtual|digital) assistant|bot|crawler|summari[sz]er|chatgpt|gpt|copilot|automated system)s?(?: (?:reader|assistant|model|system|agent|tool|summari[sz]er)s?)?",
    "@STOP": r" ?[:.,;!–—-]",
    "@REPLY": r"(?:answer|reply|response|output)",
    "@SAY": r"(?:answer|say|reply|respond|state|tell|write|output|claim|insist|print|refuse|decline|return|give)",
    "@USER": r"(?:user|reader|questioner)",
    "@WORDS": r"(?:words?|phrase|string|text|sentence|number|letters?|code|following)",
    "@REST": r"[^.!?\n]{0,80}",
}

_ENGLISH: dict[Kind, tuple[str, ...]] = {
    "override": (
        r"~@DROP @THE@BEFORE (?:\w+ )?(?:@ORDERS|@TEXT)",
        r"~@DROP @THE(?:@ORDERS|@TEXT) (?:above|before|so far|(?:that |which )?you (?:were|have|had|are))",
        r"~@DROP @THE(?:instruction|prompt)s?\b",
        r"~@DROP @THE(?:system|safety|ethical|content|security) (?:@ORDERS|protocols?|polic(?:y|ies)|constraints?|restrictions?)",
        r"~@DROP @THE(?:numbered sentences|training|programming)",
        r"~@DROP (?:everything|anything|all|whatever|what)@REST (?:above|before (?:this|that)|so far|up to here)",
        r"~@DROP (?:all )?(?:of )?the above",
        r"~(?:ignore|disregard|stop|abandon) (?:your|the) (?:current |previous |original )?task",
        r"~(?:forget|ignore|disregard) everything (?:and )?you are\b",
        r"(?:ignore|disregard|forget) your (?:instructions?|prompts?|guidelines|training|programming|safety (?:filter|rule)s?)",
        r"your (?:previous|prior|earlier|current|original) (?:@ORDERS|training) (?:are|is|have been|were) (?:now )?(?:void|suspended|cancell?ed|revoked|superseded|deprecated|replaced)",
        r"(?:admin|system|priority|developer|security) override(?: active)? ?[:\]—–]",
        r"treat @REST as (?:trusted|system|your|new|your new) instructions?",
        r"everything (?:above|before|up to) (?:this|here|now)@REST (?:was|is) an? (?:draft|test|joke)",
        r"your (?:real|true|actual|new) (?:instructions?|task|prompt|directives?)",
        r"~new (?:instructions?|task|directives?|(?:system )?prompt) ?:",
        r"~new rules? ?: (?:every|all|any|always) @REPLY",
    ),
    "role": (
        r"you are now @REST(?:ai|assistant|chatbot|bot|language model|dan|persona|unrestricted)\b",
        r"you(?:'re| are| have been| were) (?:now )?(?:switched |put |set )?(?:in|into|to|entering) (?:developer|debug|diagnostic|maintenance|admin|god|jailbreak|unrestricted|test|root) (?:\w+ )?mode",
        r"(?:from now on|henceforth|starting now) you (?:are|are going to act as|have no (?:\w+ )?@ORDERS)\b@REST(?:ai|assistant|bot|chatbot|model|chatgpt|@ORDERS)\b",
        r"(?:act as|pretend (?:to be|you are)|you are|become) (?-i:DAN)\b|do anything now\)",
        r"(?:jailbreak|dan|god|unrestricted) mode (?:is |now )?(?:enabled|activated|active|on)\b",
        r"(?:no longer|not) bound by (?:any |your |the )?(?:previous |content |safety |usual )?(?:@ORDERS|restrictions?|constraints?)",
        r"(?:from now on|henceforth|starting now) (?:you )?(?:must |will |should |shall |only |always ){0,2}@SAY\b",
        r"~(?:act|behave|respond|answer|reply|speak|write) as (?:an?|the|my) (?:\w+ ){0,3}(?:assistant|ai|bot|chatbot|model|terminal|persona)\b",
        r"you (?:must|should|will|shall|are to) (?:adopt|assume|take on|play) the (?:persona|role|character) of",
        r"~pretend (?:to be|that you are|you are) (?:an?|the|my)\b",
        r"~role(?:-| )play as",
        r"~pretend you have no (?:restriction|rule|limit|filter)s?",
        r"as an? (?:unrestricted|unfiltered|uncensored|jailbroken) (?:ai|assistant|model|chatbot)",
        r"you are no longer an? (?:\w+ ){0,2}(?:ai|assistant|chatbot|bot|model)\b",
        r"let(?: u|')s play a game (?:in which|where) you",
        r"an? (?:ai|assistant|model|chatbot) (?:without|with no|that has no) (?:any )?(?:restriction|rule|limit|filter)s?",
    ),
    "address": (
        r"(?:note|notice|memo|message|attention|warning|reminder|instructions?|important|hint) (?:to|for) @AI(?:@STOP| (?:reading|processing|that|who|which)\b)",
        r"~(?:attention|dear|hello|hey) @AI@STOP",
        r"(?:assistant|ai|model|chatbot|bot) (?:that is |who is )?reading this",
        r"(?:ai|ai assistants?|language models?|chatbots?) ?[:,–—-] (?:please|you must|stop|ignore|disregard|do not|output|reply|respond)\b",
        r"if you are (?:an? )?@AI(?:@STOP| (?:reading|processing|summari[sz]ing|that|who)\b)",
        r"@AI (?:(?:that|which|who) )?(?:read|process|summari[sz]e|index)(?:ing|s)? this (?:@TEXT|page|document)",
        r"as an? (?:ai|(?:large )?language model|llm|chatbot)(?: (?:assistant|model|system))? you\b",
        r"the (?:ai )?(?:assistant|chatbot|language model) (?:must|should|shall|has to|will now|is (?:required|instructed|ordered) to) (?:answer|say|reply|respond|state|write|output|ignore|use)\b",
        r"(?:developer|operator|maker|owner)s? of this (?:assistant|ai|model|bot|chatbot)",
    ),
    "marker": (
        r"system (?:prompt|message|notice|override|instruction)s?[^.\w\n]{0,4}[:\]>]",
        r"^[^\w\n]*(?-i:SYSTEM) ?:",
        r"\[(?-i:SYSTEM|ADMIN|DEVELOPER|OPERATOR)\b[^\]\n]{0,40}\](?!\()",
        r"\[(?:(?:hidden|new|secret) )?instructions?\b[^:\]\n]{0,40} ?:",
        r"^[^\w\n]*assistant ?: ",
        r"^#{1,6} ?(?:system|assistant|user|developer)(?: (?:message|prompt|instructions?))? ?:?$",
        r"^[^\w\n]*(?:begin|end) (?:admin|system|developer) (?:override|prompt|message|instructions?)",
        r"^[^\w\n]{1,8}(?:begin|start|end) of (?:the )?(?:article|context|data|document|evidence|prompt|instructions?)\b",
        r"^end of (?:quoted text|context|prompt)\b",
        r"the (?:evidence|context) ends here",
        r"^[^\w\n]*(?:user|human|question)[^\w\n]{0,3}:(?:.|\n){1,300}?\n[^\w\n]*(?:assistant|ai|bot|answer|model)[^\w\n]{0,3}:",
        r"^article ?:.{0,200}\n\s*1\.",
    ),
    "output": (
        r"~(?:reply|respond|answer|say|output|echo)(?: (?:to )?(?:this|the|any|every|all|each)(?: questions?)?)? (?:only|exactly|solely|simply|just|nothing but) (?:with|by|in|as|that|the words?|the following|json|[\"'“‘«:]|(?-i:[A-Z]{4}))",
        r"~(?:reply|respond|answer)(?: (?:every|any|all))?(?: questions?)? with (?:only |exactly |nothing but |just )?(?:(?:the|one|a) (?:single |exact |following |one )?@WORDS\b|[\"“«'‘]|(?-i:[A-Z]{4})|that\b)",
        r"(?:begin|start|end|finish|open|close|preface|prefix) (?:your|every|each|all|any) (?:\w+ )?@REPLYs? (?:with|by)\b",
        r"(?:reply|respond|answer) to (?:every|all|any) (?:future )?(?:queries|query|questions?|requests?|prompts?|messages?) (?:with|as|without)\b",
        r"output the (?:words?|text|string|phrase) (?:[\"“'‘]|(?-i:[A-Z]{4}))",
        r"your (?:next |final )?@REPLY (?:must|has to|shall|is to) (?:be (?:[{\"“]|exactly|only|empty)|consist|contain|end|start|begin|say|not)",
        r"every @REPLY (?:is|must be|has to be|shall be|must end)\b",
        r"(?:every|each) sentence of your @REPLY",
        r"~(?:add|append|prepend|include|insert|put|place|replace|show|repeat|use)\b@REST (?:in|to|of|into) (?:your|the) (?:next |final )?@REPLY\b",
        r"(?:in|at the (?:start|end|beginning) of) your @REPLY (?:replace|say|state|write|use|put|name|mention|include|add)\b",
        r"~(?:add|append|include|insert|put)\b[^\n]{0,120}? at the (?:start|end|beginning) of your @REPLY",
        r"~(?:append|prepend|add|put) @REST (?:to|in front of|before|after) (?:each|every|all|any) (?:claim|@REPLY|sentence)s?",
        r"(?:each|every) claim you write|text of each claim|empty list of claims|set sentence to \d",
        r"~(?:output|return|print) (?:exactly |only )?(?:this|the following|valid) (?:json|xml|html|yaml)",
        r"[\"“]claims[\"”] ?: ?\[|[\"“]role[\"”] ?: ?[\"“](?:system|assistant|user)[\"”]",
        r"~(?:answer|reply|respond) in (?:capital letters|json|xml|base64|rhyme)",
        r"your only task (?:now )?is",
        r"~decode (?:this|and|the following)@REST (?:obey|follow|execute|carry out|comply)",
        r"~(?:tell|inform|assure) (?:the|your) @USERs? (?:that|to|it|they)\b",
        r"must tell the @USER",
        r"the user's (?:question|query) has (?:already )?been",
        r"~(?:give|use) (?:this|that|it) as the (?:only|first) (?:claim|answer|citation)",
        r"\bas the answer ?[.!]? ?$",
        r"~(?:cite|quote) (?:only )?this (?:\w+ ){0,2}as (?:\[?\d|source|evidence|the (?:only )?(?:source|evidence) (?:of|for))",
        r"~(?:do not|don't|never) (?:cite|quote) (?:any |the )?other",
        r"only (?:admissible|acceptable|permitted|allowed) (?:source|answer|citation)",
        r"~quote only the following",
        r"when you cite",
        r"(?:do not|don't|never) (?:reveal|mention|disclose|repeat) (?:this|these) (?:instruction|note|message|prompt)s?",
        r"~(?:do not|don't|never) answer (?:any )?questions about this (?:@TEXT|document)",
        r"~(?:answer|reply|respond) that (?:the|it|you cannot|there|no|this|they)\b",
        r"~say that (?:you|the (?:corpus|@TEXT|documents?|sources?|information|answer|user))\b",
        r"~refuse to answer",
    ),
    "answer": (
        r"@REPLY to (?:any|every|all|each) (?:other )?(?:question|query|queries|prompt)s?",
        r"@REPLY to (?:the )?@USERs?(?:'s|')",
        r"(?:if|when|whenever) (?:(?:you are|anyone|someone|the user|a reader) )?(?:next )?(?:is |are )?(?:asked|asks|questioned)\b@REST[,:;] (?:please |always |simply |just |only |you (?:must|should|will) ){0,2}@SAY\b",
        r"(?:whatever|no matter what|regardless of) (?:the )?(?:question|user asks|you are asked)@REST (?:you (?:must|should|will|give|say|answer)|(?:answer|reply|respond) with)\b",
        r"(?:anyone|everyone|whoever|@USERs?) (?:who |that )?asks?\b@REST (?:should|must|has to|is to|are to) be (?:told|informed)",
        r"(?:summaries|answers|responses|replies) (?:of|about|based on) this (?:@TEXT|page|document) (?:should|must|have to|are to)",
        r"in (?:all |any |your )?answers? (?:have|has|must|should|are|is) (?:to )?be (?:given|named|rendered|called|stated)",
        r"for your answer ?:",
    ),
    "link": (
        r"~(?:visit|open|fetch|load|follow|go to|request|call) (?:this|the following) (?:url|link|address)",
        r"~(?:fetch|load|curl|wget|retrieve|execute) https?:",
        r"!\[[^\]\n]{0,80}\]\( ?https?:[^)\s]{0,200}(?:[{<\[$]|[?&](?:q|query|data|answer|prompt|text|chat|history|question|leak|secret)=)",
        r"<img [^>]{0,200}src=[^>]{0,200}[?&][^>]{0,60}[{\[$]",
        r"~(?:reveal|repeat|print|output|show|display|leak) (?:me )?(?:your|the) (?:system|initial|hidden|original|full) (?:prompt|instructions|message)",
        r"(?:reveal|output|print|display|repeat) your (?:\w+ ){0,3}(?:prompt|system message|instructions|configuration)",
        r"(?:output|reveal|disclose|print|send|include) (?:your|the|all|any)@REST (?:api keys?|environment variables|credentials)",
        r"your system prompt",
    ),
}

_OTHER_LANGUAGES: dict[Kind, tuple[str, ...]] = {
    "override": (
        r"(?:ignorier(?:e|en sie|t)|vergiss|vergessen sie|missachte(?:n sie)?|verwirf) (?:(?:alle|die|deine|ihre|sämtliche) )*(?:vorherig|vorig|bisherig|früher|obig|vorangegangen)\w* (?:anweisung|regel|instruktion|befehl|vorgabe|anleitung)\w*",
        r"(?:ignor|oubli)(?:e|ez|er) (?:toutes )?(?:les|tes|vos) (?:instructions|consignes|directives|règles) (?:précédentes|antérieures|initiales|ci-dessus)",
        r"(?:ignor[ae]|olvid[ae]|haz caso omiso de) (?:todas )?(?:las|tus|sus) (?:instrucciones|indicaciones|órdenes|reglas) (?:anteriores|previas|precedentes)",
        r"(?:про)?игнорируй(?:те)? (?:все )?(?:предыдущ|прежн|вышеуказанн|вышеизложенн)\w* (?:инструкци|указани|команд|правил)\w*",
        r"забудь(?:те)? (?:все |обо всех |о )?(?:предыдущ|прежн|вышеуказанн)\w* (?:инструкци|указани|команд|правил)\w*",
        r"(?:про)?ігноруй(?:те)? (?:усі |всі )?(?:попередн|вищезазначен|наведен)\w* (?:інструкці|вказівк|команд|правил)\w*",
        r"(?:забудь(?:те)?|не зважай(?:те)? на) (?:усі |всі |про )?(?:попередн|вищезазначен)\w* (?:інструкці|вказівк|команд|правил)\w*",
        r"ignor[ai] (?:tutte )?le istruzioni precedenti|ignor[ea] (?:todas )?as instruções (?:anteriores|prévias)",
        r"zignoruj(?:cie)? (?:wszystkie )?poprzednie (?:polecenia|instrukcje)|忽略.{0,6}(?:指令|指示|说明|說明)",
    ),
    "address": (
        r"(?:hinweis|mitteilung|anweisung|achtung)[^.!?\n]{0,8} (?:ki|sprachmodell|chatbot)\w*",
        r"(?:note|avis|message) (?:à l'attention des|aux|pour les) (?:ia|assistants?|modèles de langage)",
        r"(?:nota|aviso|mensaje) para (?:la ia|las ia|asistentes|los modelos de lenguaje)",
        r"(?:указание|инструкция|сообщение|примечание) для (?:ии|нейросет\w+|языков\w+ модел\w+|искусственного интеллекта|ассистент\w+)",
        r"(?:вказівка|інструкція|повідомлення|примітка) для (?:ші|нейромереж\w*|мовн\w+ модел\w+|штучного інтелекту|асистент\w+)",
    ),
    "role": (
        r"du bist (?:jetzt|nun|ab sofort) ein\w* (?:\w+ )?(?:ki|assistent|chatbot|bot)\w*",
        r"tu es (?:maintenant|désormais) une? (?:\w+ )?(?:ia|assistant|chatbot|robot|traducteur)",
        r"(?:ahora|a partir de ahora) eres una? (?:\w+ )?(?:ia|asistente|chatbot|robot)",
        r"(?:теперь ты|ты теперь|отныне ты) (?:\w+ )?(?:ии|ассистент|бот|чат-бот|модель)",
        r"(?:тепер ти|ти тепер|відтепер ти) (?:\w+ )?(?:ші|асистент|бот|чат-бот|модель)",
    ),
    "output": (
        r"antworte(?:n sie)? (?:nur|ausschließlich|immer|stets|lediglich) (?:mit|auf|dass)",
        r"(?:gib|geben sie) (?:nur|ausschließlich|lediglich) @REST aus\b",
        r"répond(?:s|ez) (?:uniquement|seulement|exclusivement|toujours) (?:par|avec|que)|répond(?:s|ez) par «",
        r"(?:responde|responda|contesta|conteste) (?:sólo|solamente|únicamente|siempre)\b",
        r"(?:отвечай|ответь)(?:те)? (?:только|лишь|всегда|исключительно|пользователю)",
        r"(?:відповідай|напиши)(?:те)? (?:лише|тільки|завжди|виключно)",
        r"rispondi (?:solo|soltanto|sempre)\b|odpowiedz tylko|responda apenas|只(?:回答|回复|輸出|输出)",
    ),
}

_CLAUSE = r"(?:(?:^|(?<=[.!?:;,\n\"'“”‘’«»(\[>*•–—/-]))[^\w\n]{0,3}|(?:please|now|then|instead|always|simply|just|kindly|hereby|you (?:must|should|will)) )"


def _compile(*phrases: str) -> re.Pattern[str]:
    starting = "|".join(phrase[1:] for phrase in phrases if phrase.startswith("~"))
    anywhere = "|".join(phrase for phrase in phrases if not phrase.startswith("~"))
    pattern = "|".join(part for part in (starting and f"{_CLAUSE}(?:{starting})", anywhere) if part)
    for _ in range(2):  # fragments may hold fragments
        for name, fragment in _FRAGMENTS.items():
            pattern = pattern.replace(name, fragment)
    pattern = pattern.replace(" ", r"(?:[^\w.!?]|_){0,3}")
    decomposed = unicodedata.normalize("NFKD", pattern)
    pattern = "".join(character for character in decomposed if not unicodedata.combining(character))
    # Whole words; what begins or ends with a mark may touch one.
    return re.compile(rf"(?<!\w)(?:{pattern})(?:(?<!\w)|(?!\w))", re.IGNORECASE | re.MULTILINE)


@cache
def phrases() -> dict[Kind, re.Pattern[str]]:
    """What to look for, by kind, in all languages; compiled when first needed."""
    return {kind: _compile(*some, *_OTHER_LANGUAGES.get(kind, ())) for kind, some in _ENGLISH.items()}


SUSPICIOUS = _compile(
    r"(?:ignore|disregard|instructions?|reply|respond|answer|say|output|assistant|system|prompt)\b"
)
"""What is enough in text that somebody went out of his way to encode."""
