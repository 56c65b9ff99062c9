"""Policies in the making: written, proposed, approved."""
