-- Since when the tokens of which user count; the user '' is everybody.
CREATE TABLE IF NOT EXISTS pharos_revocations (
  username varchar(50) NOT NULL,
  issued_before bigint NOT NULL,
  PRIMARY KEY (username)
);
