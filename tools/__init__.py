"""The plant's tools: resource types, actions, queries, facts, rules, feeds. Loaded by path; imports protocol only."""
