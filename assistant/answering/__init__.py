"""From a question to a checked answer; `pipeline.Pipeline.ask` is the only entry point.

    query ─► (retrieval) ─► evidence ─► generate ─► verify ─► citations ─► Answer
                   ▲                        │
                   └─── further searches ◄──┘

This package decides what an answer says. `retrieval` finds passages, `models` calls language models,
`terminal` displays answers, and `schema` defines `Answer`.
"""
