-- What the console asks for before it writes to a namespace.
CREATE TABLE IF NOT EXISTS pharos_namespace_policies (
  tenant_id varchar(128) NOT NULL,
  policy varchar(1024) NOT NULL,
  PRIMARY KEY (tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE=utf8_bin;
