"""Where events go, and the only source of time and randomness of the engine."""
