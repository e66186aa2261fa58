"""Pages and feeds, fetched politely into a folder of articles.

`http` asks sites, `feeds` and `pages` read what they send, `store` keeps it as one file each, `adding` goes
through what it is given, and `watching` does so again and again.
"""
