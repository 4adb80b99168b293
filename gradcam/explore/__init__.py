"""The Explorer: a page in which one follows a signal back through a network, and can touch everything.

`page.py` writes one that computes by itself, `server.py` serves one that asks the engine here; `session.py`
answers what either asks, and `web/` is the page and its own engine.
"""

from gradcam.explore.errors import ExploreError
from gradcam.explore.page import page
from gradcam.explore.server import Server
from gradcam.explore.session import Session

__all__ = ["ExploreError", "Server", "Session", "page"]
