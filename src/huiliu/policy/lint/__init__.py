"""The checks of a policy before any case comes."""
