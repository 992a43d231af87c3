"""Real files to facts: one mapping (``NAME.yaml``) a kind of file, and the readers they name."""
