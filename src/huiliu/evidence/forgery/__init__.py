"""Whether the pixels of one picture look untouched, beside trusted pictures of the same kind of phone."""
