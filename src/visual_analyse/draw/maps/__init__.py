"""Pictures of embedding maps, flat and turned, that a person can read."""
