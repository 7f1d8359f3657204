-- What the console asks for before it writes to a namespace.
CREATE TABLE pharos_namespace_policies (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  policy TEXT NOT NULL
);
