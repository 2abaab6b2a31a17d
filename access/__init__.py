"""Who may come in: API keys, the tickets they buy, and how much each may ask for."""
