"""What an instructor prints and shows, made from the lessons themselves: slides, slips for
predictions, exams, and plans of weeks.  `python -m lessons teach`.
"""
