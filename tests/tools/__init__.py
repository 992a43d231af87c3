"""Tests of the plant's tools."""
