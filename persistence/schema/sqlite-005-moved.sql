-- When the rows of configs, namespaces and users were brought over to a MySQL,
-- in milliseconds; 0 is never.
ALTER TABLE pharos_meta ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
