"""How far an explanation, and a model, can be trusted: measured."""
