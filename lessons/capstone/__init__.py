"""The capstone: an empty folder, five milestones, and at the end one's own panel of a photo by
SqueezeNet, written with NumPy alone.  `python -m lessons capstone start DIR` begins it.
"""
