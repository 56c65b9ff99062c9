"""A policy against the consumer law of its day, and against vague words."""
