"""The figure of one frame with all layers, and of several models in rows."""
