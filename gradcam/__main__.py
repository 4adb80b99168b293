"""python -m gradcam"""

import sys

from gradcam.cli import main

if __name__ == "__main__":
    sys.exit(main())
