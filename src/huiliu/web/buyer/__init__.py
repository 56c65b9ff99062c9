"""Pages for buyers: find an order, be told at once, apply, follow the claim."""
