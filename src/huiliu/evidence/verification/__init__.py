"""Where evidence is checked: the queue of files, the records they are compared with, one-time codes, trusted pictures."""
