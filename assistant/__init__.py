"""A question-answering assistant over news articles whose every sentence can be checked.

The modules in reading order, each importing only from those above it:

    errors        every error a person can meet
    resources     where prompts and the built-in corpus lie
    settings      every knob, frozen
    interface     the JSON that `ask` and `search` print
    surface       plain words: one spelling for numbers, dates and names
    formats       Markdown, plain text, HTML and JSON Lines, parsed
    articles      Article; reads a corpus
    disguises     hidden and encoded text, made plain
    phrases       how texts talk to machines
    untrusted     what of an article a model may see; where one addresses a machine
    chunks        Chunk; splits an article, keeps character offsets
    filters       which articles a question may see
    checksums     checksums of large files, remembered
    weights       packaged model weights, checked
    models/       embedders, rerankers and language models; the only imports of their libraries
    times         the day or month a question is about
    states        the folders of an index: written as copies, then named
    catalogue     what is indexed, and BM25 over it (SQLite)
    index         Chroma beside the catalogue; kept in line with the corpus
    retrieval     Passage; dense and lexical, fused, reranked
    prompts       prompts/*.md as templates
    evidence      passages as numbered sentences
    grounding     which claims the articles carry
    drafting      claims by a language model, or the best paragraph
    sourcing      how many reports stand behind the cited articles
    citing        claims and passages as the JSON shows them
    answer        Assistant.ask: the whole way
    evaluation/   gold cases, scorers, runs, reports
    build         settings -> Index, Retriever, Assistant
    search        retrieval alone, as `search` prints it
    batch         many questions from JSON Lines
    terminal      what a person sees
    doctor        what is installed and healthy, and what to do where it is not
    chat          the REPL
    options       the options of the commands
    cli           the commands
"""
