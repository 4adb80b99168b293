"""A course on visual explanations of CNNs: one idea per lesson, answered by experiment.
`python -m lessons` lists it.
"""
