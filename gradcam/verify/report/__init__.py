"""The answer, and how it is said.

verdict.py  Verdict: equal, rounding, tie, differs, unknown or refused, and its causes
text.py     a verdict in words
html.py     a verdict as one HTML file, with pictures
"""
