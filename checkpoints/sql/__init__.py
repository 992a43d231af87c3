"""Numbered migrations and named queries, as SQL."""
