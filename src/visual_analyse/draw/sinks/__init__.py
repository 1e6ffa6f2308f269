"""Where pictures go: folders that hold no leftovers, and films."""
