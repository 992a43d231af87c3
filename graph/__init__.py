"""How a case runs: gate, nodes, edges, and the composition root."""
