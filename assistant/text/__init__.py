"""Spelling, numbers and dates, compared whatever way they are written.

dates       the one grammar of days and months
normalize   plain words: one spelling for numbers, money, dates
numbers     the numbers with their units that a text states

Pure functions of text, without I/O and without models. What a text means is a model's work.
"""
