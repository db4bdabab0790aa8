-- Who may enter the console, who is inside, and what was done there.

CREATE TABLE staff (
    -- Never given to a second account, so that the audit log stays true.
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL CONSTRAINT staff_name_shape CHECK (length(name) BETWEEN 1 AND 64 AND name = lower(name)),
    -- NULL: an operator, who sees every shop.
    shop_id       TEXT    CONSTRAINT staff_shop_shape CHECK (length(shop_id) = 13),
    role          TEXT    NOT NULL CONSTRAINT role_known CHECK (role IN ('look', 'act', 'administer')),
    -- argon2id, in the PHC format.
    password_hash TEXT    NOT NULL CONSTRAINT password_is_hashed CHECK (password_hash LIKE '$argon2id$%'),
    -- The salt of the second factor's secret; NULL where there is none. The secret itself is nowhere.
    factor_salt   TEXT    CONSTRAINT factor_salt_shape CHECK (length(factor_salt) = 32),
    -- The step of the last code that was used.
    factor_step   INTEGER,
    disabled_at   INTEGER,
    -- 1: by an operator; then only an operator enables it.
    disabled_by_operator INTEGER NOT NULL DEFAULT 0 CONSTRAINT disabled_by_operator_known CHECK (disabled_by_operator IN (0, 1)),
    created_at    INTEGER NOT NULL,
    CONSTRAINT step_only_with_factor CHECK (factor_salt IS NOT NULL OR factor_step IS NULL),
    CONSTRAINT by_whom_only_if_disabled CHECK (disabled_at IS NOT NULL OR disabled_by_operator = 0)
) STRICT;
CREATE UNIQUE INDEX staff_name_unique ON staff (name);
CREATE INDEX staff_of_shop ON staff (shop_id, name);

-- The token itself is with the browser alone.
CREATE TABLE staff_sessions (
    token_sha256 TEXT    NOT NULL PRIMARY KEY CONSTRAINT session_hash_shape CHECK (length(token_sha256) = 64),
    staff_id     INTEGER NOT NULL REFERENCES staff (id),
    began_at     INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX staff_sessions_of ON staff_sessions (staff_id, began_at);

-- What was done in the console, in order; written in the same database transaction as the change, where the change is
-- the console's own. Rows are only ever added.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    -- NULL: the command line.
    staff_id INTEGER REFERENCES staff (id),
    who      TEXT    NOT NULL,
    address  TEXT,
    act      TEXT    NOT NULL CONSTRAINT act_shape CHECK (length(act) BETWEEN 1 AND 64),
    -- Whose business it was; NULL: the gateway's.
    shop_id  TEXT,
    subject  TEXT    NOT NULL,
    before   TEXT    CONSTRAINT before_is_json CHECK (json_valid(before)),
    after    TEXT    CONSTRAINT after_is_json CHECK (json_valid(after))
) STRICT;
CREATE INDEX audit_of_shop ON audit (shop_id, id);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
