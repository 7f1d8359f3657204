-- Sessions of the console that were ended before their time. The id of a row that
-- ends all of a user's but the one that is kept says so.
CREATE TABLE IF NOT EXISTS pharos_ended_sessions (
  id varchar(128) NOT NULL,
  username varchar(255) NOT NULL,
  kept varchar(128) NOT NULL,
  issued_before bigint NOT NULL,
  expires bigint NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE=utf8_bin;
