-- What of service discovery is durable: services that an operator has described,
-- their clusters, persistent instances, what operators set over instances, and
-- the switches. Metadata, selectors and checkers are JSON.
CREATE TABLE pharos_service (
  namespace TEXT NOT NULL,
  grp TEXT NOT NULL,
  name TEXT NOT NULL,
  ephemeral INTEGER NOT NULL,
  threshold REAL NOT NULL,
  metadata TEXT NOT NULL,
  selector TEXT NOT NULL,
  PRIMARY KEY (namespace, grp, name)
) WITHOUT ROWID;
CREATE TABLE pharos_cluster (
  namespace TEXT NOT NULL,
  grp TEXT NOT NULL,
  name TEXT NOT NULL,
  cluster TEXT NOT NULL,
  check_port INTEGER NOT NULL,
  use_instance_port INTEGER NOT NULL,
  checker TEXT NOT NULL,
  metadata TEXT NOT NULL,
  PRIMARY KEY (namespace, grp, name, cluster)
) WITHOUT ROWID;
CREATE TABLE pharos_instance (
  namespace TEXT NOT NULL,
  grp TEXT NOT NULL,
  name TEXT NOT NULL,
  ip TEXT NOT NULL,
  port INTEGER NOT NULL,
  cluster TEXT NOT NULL,
  weight REAL NOT NULL,
  healthy INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  metadata TEXT NOT NULL,
  instance_id TEXT NOT NULL,
  PRIMARY KEY (namespace, grp, name, ip, port)
) WITHOUT ROWID;
CREATE TABLE pharos_overlay (
  namespace TEXT NOT NULL,
  grp TEXT NOT NULL,
  name TEXT NOT NULL,
  ip TEXT NOT NULL,
  port INTEGER NOT NULL,
  cluster TEXT NOT NULL,
  weight REAL,
  enabled INTEGER,
  metadata TEXT NOT NULL,
  PRIMARY KEY (namespace, grp, name, ip, port, cluster)
) WITHOUT ROWID;
CREATE TABLE pharos_switch (
  entry TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
