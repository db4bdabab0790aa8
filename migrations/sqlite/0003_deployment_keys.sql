-- Which deployment keys this book was filled under, so that another key under the same id is noticed at start.
-- `mark` tells nothing of the key and derives nothing.

CREATE TABLE deployment_keys (
    key_id        TEXT    NOT NULL PRIMARY KEY CONSTRAINT key_id_shape CHECK (length(key_id) BETWEEN 1 AND 32),
    mark          TEXT    NOT NULL CONSTRAINT mark_shape CHECK (length(mark) = 32),
    first_seen_at INTEGER NOT NULL
) STRICT;
