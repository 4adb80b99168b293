"""What rounding alone can do.

differences.py  how far two arrays are apart; the precision that an array can claim
storage.py      how an array was kept: bytes, half precision, a few digits
propagation.py  how a computation amplifies roundoff, and which gates and switches lie near a tie
ties.py         whether near ties explain all that differs
"""
