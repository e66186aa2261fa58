"""`python -m assistant` is the same as `assistant`."""

from assistant.cli.main import main

main()
