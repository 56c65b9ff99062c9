"""HTML: pages for buyers and staff. A handler parses, opens one transaction, and answers; templates only show."""
