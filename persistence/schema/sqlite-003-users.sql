-- The tables of users, in the columns that Nacos gives them, and since when the
-- tokens of which user count.
CREATE TABLE users (
  username TEXT NOT NULL PRIMARY KEY,
  password TEXT NOT NULL,
  enabled INTEGER NOT NULL
);
CREATE TABLE roles (
  username TEXT NOT NULL,
  role TEXT NOT NULL
);
CREATE UNIQUE INDEX idx_user_role ON roles (username, role);
CREATE INDEX idx_role ON roles (role);
CREATE TABLE permissions (
  role TEXT NOT NULL,
  resource TEXT NOT NULL,
  action TEXT NOT NULL
);
CREATE UNIQUE INDEX uk_role_permission ON permissions (role, resource, action);
CREATE TABLE pharos_revocations (
  username TEXT NOT NULL PRIMARY KEY,
  issued_before INTEGER NOT NULL
);
