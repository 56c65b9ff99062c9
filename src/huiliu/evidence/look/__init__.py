"""Whether a picture can be read at all, and what to tell the sender when it cannot."""
