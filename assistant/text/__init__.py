"""Spelling, numbers and dates, compared whatever way they are written.

Pure functions of text, without I/O and without models. What a text means is a model's work.
"""
