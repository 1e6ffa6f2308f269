"""The libraries that make a map, behind one face."""
