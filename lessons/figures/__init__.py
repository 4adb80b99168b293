"""Figures of the README and the lessons, each made by a script of its own."""
