"""The Explorer: a page in which one follows a signal back through a network, and can touch everything.

`writing.py` writes one that computes by itself, `server.py` serves one that asks the engine here, and
`notebook.py` shows it in a notebook; `session.py` answers its questions, and `web/` is the page, with an
engine of its own.
"""

from gradcam.explore.errors import ExploreError
from gradcam.explore.notebook import widget
from gradcam.explore.server import Server
from gradcam.explore.session import Session
from gradcam.explore.writing import page

__all__ = ["ExploreError", "Server", "Session", "page", "widget"]
