"""What changes between two versions of a policy."""
