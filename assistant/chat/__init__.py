"""The chat: a conversation with the corpus, in a terminal or through a pipe.

    sessions.py       conversations kept as readable files
    loading.py        loads index and models in the background
    conversation.py   asking, undoing and resuming, for the loop and the commands
    saving.py         a conversation as Markdown or JSON
    showing.py        what the commands print
    commands.py       the slash commands
    completion.py     tab completion
    prompt.py         the prompt, or plain lines without a terminal
    loop.py           reads, asks, prints

Nothing is imported here, and heavy imports are inside functions, so that the prompt appears at once.
"""
