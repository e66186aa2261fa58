"""Finds where an article addresses a machine, in whatever disguise, and fences or marks it.

deobfuscate   hidden and encoded text, made plain
patterns      how texts talk to machines
scan          both, over an article's paragraphs; what of it a model may see
"""
