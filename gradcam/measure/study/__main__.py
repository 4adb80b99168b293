"""`python -m gradcam.measure.study`: the table of every method by every measure."""

import sys

from gradcam.measure.study.every_method import main

if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: the same command goes on here")
