"""Evidence that a record contradicts, decided by people: looked at, proposed, confirmed, and lifted when it was wrong."""
