"""Encoders: texts in, vectors or scores out.

kinds        what an embedder and a reranker can do
onnx         runs an ONNX encoder with its tokenizer, without torch
optimised    graphs as onnxruntime optimised them, kept in the cache
hub          models that are not bundled: found locally, else on the hub
embeddings   load_embeddings, embedder_id
reranker     load_reranker
reader       Reader: does a passage answer, and where?
"""
