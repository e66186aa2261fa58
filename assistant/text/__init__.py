"""Comparing words, numbers and dates however they are written.

dates       parses days and months
normalize   normalizes words, numbers, money and dates
numbers     the numbers with units that a text states

Pure functions of text, without I/O or models. Understanding what a text means is left to models.
"""
