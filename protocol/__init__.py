"""The rules of Andon as pure functions and tables: no clock, randomness, environment, file or socket."""
