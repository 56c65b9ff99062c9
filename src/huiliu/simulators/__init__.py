"""Payment rails to play with: each runs as its own process with its own books, and shares no code with its client."""
