-- What users of the console have set for themselves.
CREATE TABLE IF NOT EXISTS pharos_preferences (
  username varchar(255) NOT NULL,
  name varchar(64) NOT NULL,
  value mediumtext NOT NULL,
  PRIMARY KEY (username, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE=utf8_bin;
