-- What the server knows about this file. applied is the index of the last Raft
-- log entry whose effect is in the file.
CREATE TABLE pharos_meta (
  id INTEGER PRIMARY KEY,
  applied INTEGER NOT NULL DEFAULT 0
);
INSERT INTO pharos_meta (id, applied) VALUES (1, 0);
