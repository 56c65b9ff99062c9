"""What may follow for a buyer from evidence that a record contradicts: graded, bounded in time, open to one appeal."""
