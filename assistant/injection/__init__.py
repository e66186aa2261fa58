"""Finds text in an article that addresses a machine, however disguised, and withholds or marks it.

deobfuscate   reveals hidden and encoded text
patterns      patterns of text that addresses machines
scan          applies both to an article's paragraphs; decides what a model may see
"""
