"""SQL that writes the people feature's tables. Private to the feature."""
