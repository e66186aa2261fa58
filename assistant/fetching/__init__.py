"""Pages and feeds, fetched politely into a folder of articles.

`http` makes the requests, `feeds` and `pages` parse the replies, `store` saves each article as a file,
`adding` handles `assistant add`, and `watching` repeats it for `assistant watch`.
"""
