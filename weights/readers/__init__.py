"""Readers of weights: one file format per file, each with `read(file) -> {name: array}` over a mapped file."""
