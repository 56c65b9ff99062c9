"""The review desk: what staff see and decide."""
