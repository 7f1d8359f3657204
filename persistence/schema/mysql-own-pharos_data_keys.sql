-- The keys of configs that clients encrypted, for a database of Nacos before 2.1,
-- whose config_info has no column for them.
CREATE TABLE IF NOT EXISTS pharos_data_keys (
  data_id varchar(255) NOT NULL,
  group_id varchar(128) NOT NULL,
  tenant_id varchar(128) NOT NULL,
  data_key varchar(1024) NOT NULL,
  PRIMARY KEY (data_id, group_id, tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE=utf8_bin;
