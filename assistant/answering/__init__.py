"""From a question to a checked answer; `pipeline.Pipeline.ask` is the one door.

    query ─► (retrieval) ─► evidence ─► generate ─► verify ─► citations ─► Answer
                   ▲                        │
                   └─── further searches ◄──┘

What lives here decides what an answer says. Finding passages is `retrieval`'s, asking a model `models`',
showing an answer `terminal`'s; the shape of an `Answer` is in `schema`.
"""
