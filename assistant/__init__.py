"""A question-answering assistant over news articles whose every sentence can be checked.

The modules in reading order, each importing only from those above it:

    errors        every error a person can meet
    resources     where prompts and the built-in corpus lie
    settings      every option, frozen
    interface     the JSON that `ask` and `search` print
    surface       one spelling for numbers, dates and names
    values        the numbers and dates that a text states
    formats       Markdown, plain text, HTML and JSON Lines, parsed
    articles      Article; reads a corpus
    disguises     hidden and encoded text, made plain
    phrases       how texts talk to machines
    untrusted     where an article addresses a machine; what of it a model may see
    copies        whether two texts are near copies
    chunks        Chunk; splits an article, keeps character offsets
    filters       which articles a question may see
    checksums     checksums of large files, remembered
    weights       packaged model weights, checked
    models/       encoders and language models; the only imports of their libraries
    times         the day or month a question is about
    states        the folders of an index: written as copies, then named
    catalogue     what is indexed, and BM25 over it (SQLite)
    index         Chroma beside the catalogue; kept in line with the corpus
    passages      Ranks, Hit, Passage
    fusion        several rankings as one, and near copies as one
    retrieval     dense and lexical search, fused, reranked, read
    prompts       prompts/*.md as templates
    answering/    Assistant.ask: from a question to a checked answer
    recordings    a language model's answers on disk, replayed without it
    build         settings -> Index, Retriever, Assistant
    search        retrieval alone, as `search` prints it
    batch         many questions from JSON Lines
    spending      what a batch took, and where its cost ends it
    terminal      what a person sees
    live          what the assistant is doing while it does it
    evaluation/   gold cases, scorers, runs, reports
    doctor        what is installed and healthy, and what to do where it is not
    options       the options of the commands
    chat/         the conversation
    running       what the commands share
    overviews     `brief` and `timeline`
    cli           the other commands
    __main__      python -m assistant
"""

import os

# onnxruntime reads this when it is imported, by whomever: from 1.29 on it reports its use to its makers.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
