-- A video has a second shown file: one sharp frame, shown before it plays and where it cannot.
ALTER TABLE evidence_files ADD COLUMN poster_sha256 bytea CHECK (length(poster_sha256) = 32);
