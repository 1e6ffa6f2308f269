"""Why a gait model matched two walks, and where it puts all of them."""

__version__ = "0.1.0"
