"""Changes to a policy file that leave everything else as it was written."""
