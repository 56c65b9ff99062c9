"""Realistic screenshots and forgeries of them, and the harness that measures verification on them."""
