"""A page to explore an embedding map: one file, without a network; and the way out for maps too large for it."""

from visual_analyse.draw.page.page import RECOMMENDED, build_page

__all__ = ["RECOMMENDED", "build_page"]
