"""A model endpoint to rehearse with: the offline policies behind OpenAI's protocol, and every way to fail."""
