-- The tables of configs and namespaces, in the columns that Nacos 2.5 gives
-- them. Times are milliseconds. Content stands last in a row, so that the
-- columns before it are read without it. The bounds are those of Nacos's columns.
CREATE TABLE config_info (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL CHECK (length(data_id) <= 255),
  group_id TEXT NOT NULL CHECK (length(group_id) <= 128),
  tenant_id TEXT NOT NULL DEFAULT '' CHECK (length(tenant_id) <= 128),
  md5 TEXT,
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  app_name TEXT COLLATE RTRIM,
  type TEXT,
  src_user TEXT,
  src_ip TEXT,
  c_desc TEXT,
  c_use TEXT,
  effect TEXT,
  c_schema TEXT,
  encrypted_data_key TEXT NOT NULL DEFAULT '',
  content TEXT NOT NULL
);
CREATE UNIQUE INDEX uk_configinfo_datagrouptenant ON config_info (data_id, group_id, tenant_id);
CREATE INDEX idx_configinfo_tenant ON config_info (tenant_id, group_id);
CREATE TABLE config_info_gray (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  tenant_id TEXT NOT NULL DEFAULT '',
  gray_name TEXT NOT NULL,
  gray_rule TEXT NOT NULL,
  md5 TEXT,
  src_user TEXT,
  src_ip TEXT,
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  app_name TEXT,
  encrypted_data_key TEXT NOT NULL DEFAULT '',
  content TEXT NOT NULL
);
CREATE UNIQUE INDEX uk_configinfogray_datagrouptenantgray ON config_info_gray (data_id, group_id, tenant_id, gray_name);
CREATE INDEX idx_configinfogray_gmt_modified ON config_info_gray (gmt_modified);
CREATE TABLE config_info_aggr (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  tenant_id TEXT NOT NULL DEFAULT '',
  datum_id TEXT NOT NULL,
  gmt_modified INTEGER NOT NULL,
  app_name TEXT,
  content TEXT NOT NULL
);
CREATE UNIQUE INDEX uk_configinfoaggr_datagrouptenantdatum ON config_info_aggr (data_id, group_id, tenant_id, datum_id);
CREATE TABLE config_tags_relation (
  nid INTEGER PRIMARY KEY AUTOINCREMENT,
  id INTEGER NOT NULL,
  tag_name TEXT NOT NULL COLLATE RTRIM,
  tag_type TEXT,
  data_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  tenant_id TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX uk_configtagrelation_configidtag ON config_tags_relation (id, tag_name, tag_type);
CREATE INDEX idx_configtagrelation_tag ON config_tags_relation (tag_name);
CREATE TABLE his_config_info (
  nid INTEGER PRIMARY KEY AUTOINCREMENT,
  id INTEGER NOT NULL,
  data_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  tenant_id TEXT NOT NULL DEFAULT '',
  md5 TEXT,
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  app_name TEXT,
  src_user TEXT,
  src_ip TEXT,
  op_type TEXT,
  encrypted_data_key TEXT NOT NULL DEFAULT '',
  publish_type TEXT DEFAULT 'formal',
  gray_name TEXT,
  ext_info TEXT,
  content TEXT NOT NULL
);
CREATE INDEX idx_his_gmt_modified ON his_config_info (gmt_modified);
CREATE INDEX idx_his_key ON his_config_info (data_id, group_id, tenant_id);
CREATE INDEX idx_his_id ON his_config_info (id);
CREATE TABLE group_capacity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id TEXT NOT NULL DEFAULT '' UNIQUE,
  quota INTEGER NOT NULL DEFAULT 0,
  usage INTEGER NOT NULL DEFAULT 0,
  max_size INTEGER NOT NULL DEFAULT 0,
  max_aggr_count INTEGER NOT NULL DEFAULT 0,
  max_aggr_size INTEGER NOT NULL DEFAULT 0,
  max_history_count INTEGER NOT NULL DEFAULT 0,
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL
);
CREATE TABLE tenant_capacity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id TEXT NOT NULL DEFAULT '' UNIQUE,
  quota INTEGER NOT NULL DEFAULT 0,
  usage INTEGER NOT NULL DEFAULT 0,
  max_size INTEGER NOT NULL DEFAULT 0,
  max_aggr_count INTEGER NOT NULL DEFAULT 0,
  max_aggr_size INTEGER NOT NULL DEFAULT 0,
  max_history_count INTEGER NOT NULL DEFAULT 0,
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL
);
CREATE TABLE tenant_info (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kp TEXT NOT NULL,
  tenant_id TEXT NOT NULL DEFAULT '',
  tenant_name TEXT DEFAULT '',
  tenant_desc TEXT,
  create_source TEXT,
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL
);
CREATE UNIQUE INDEX uk_tenant_info_kptenantid ON tenant_info (kp, tenant_id);
