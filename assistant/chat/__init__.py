"""The chat: a conversation with the corpus, in a terminal or through a pipe.

    sessions.py       conversations kept as readable files
    loading.py        the index and the models, loaded behind the prompt
    conversation.py   asking, taking back and going on: what the loop and the commands work on
    saving.py         a conversation as Markdown or JSON
    showing.py        what the commands print
    commands.py       what starts with a slash
    completion.py     what may follow what was typed
    prompt.py         the prompt, and plain lines where there is no terminal
    loop.py           reads, asks, prints

Nothing is imported here, and the modules import what is heavy inside their functions: the prompt comes first.
"""
