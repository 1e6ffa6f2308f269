"""What is asked of the model: config, code, packages, weights."""
