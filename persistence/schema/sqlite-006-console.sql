-- Sessions of the console that were ended before their time, and what its users
-- have set for themselves.
CREATE TABLE pharos_ended_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  username TEXT NOT NULL,
  kept TEXT NOT NULL,
  issued_before INTEGER NOT NULL,
  expires INTEGER NOT NULL
);
CREATE TABLE pharos_preferences (
  username TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (username, name)
);
