"""The command line: chat and every verb. It renders and asks; it decides nothing."""
