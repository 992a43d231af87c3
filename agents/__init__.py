"""The roles of the plant, and the runtime that takes a turn."""
