"""Millions of cases judged at once."""
