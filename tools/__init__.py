"""The plant's types, actions, queries, facts, rules and feeds: loaded by path, importing protocol only."""
