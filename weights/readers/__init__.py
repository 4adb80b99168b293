"""Readers of weights: one format, one file, which ends in its FORMAT; a file put here is asked about every
file of weights.

The others here are what several of them need.
"""
