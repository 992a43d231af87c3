"""What survives: the ledger, leases, recordings, and LangGraph's checkpoints as a cache."""
