"""The course as a static site: pages that open from a folder, without a server, a
script library or a font from anywhere.
"""

from lessons.site.write import build_site

__all__ = ["build_site"]
