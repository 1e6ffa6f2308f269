"""Whether a config, a checkout, a checkpoint and a dataset will work together, said before anything runs long."""
