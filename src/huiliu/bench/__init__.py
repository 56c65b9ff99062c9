"""Harnesses that measure and attack the running product, each printing a table."""
