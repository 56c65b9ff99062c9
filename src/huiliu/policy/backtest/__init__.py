"""Past claims judged by another version, and the files they come in."""
