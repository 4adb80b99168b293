"""Figures whose drawing would take more lines than a lesson should show, one file per
lesson.
"""
