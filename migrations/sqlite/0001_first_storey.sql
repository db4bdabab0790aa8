-- The book of the gateway. Moments are milliseconds since 1970 (UTC); amounts are whole yen.
-- Every invariant of the code is said here again, by name, so that a mistake in either is found by the other.

CREATE TABLE transactions (
    access_id            TEXT    NOT NULL PRIMARY KEY CONSTRAINT access_id_shape CHECK (length(access_id) = 32),
    key_id               TEXT    NOT NULL,
    shop_id              TEXT    NOT NULL CONSTRAINT shop_id_shape CHECK (length(shop_id) = 13),
    order_id             TEXT    NOT NULL CONSTRAINT order_id_shape CHECK (length(order_id) BETWEEN 1 AND 27),
    version              INTEGER NOT NULL CONSTRAINT version_counts_from_one CHECK (version >= 1),
    status               TEXT    NOT NULL CONSTRAINT status_known CHECK (status IN (
        'UNPROCESSED', 'REQSUCCESS', 'AUTHPROCESS', 'AUTH', 'SALES', 'CAPTURE', 'CANCEL',
        'REQRETURN', 'RETURN', 'PAYFAIL', 'EXPIRED', 'REGISTER', 'END')),
    job_cd               TEXT    NOT NULL CONSTRAINT job_cd_known CHECK (job_cd IN ('AUTH', 'CAPTURE')),
    amount               INTEGER NOT NULL CONSTRAINT amount_range CHECK (amount BETWEEN 0 AND 9999999),
    tax                  INTEGER NOT NULL CONSTRAINT tax_range CHECK (tax BETWEEN 0 AND 9999999),
    amazonpay_type       TEXT    NOT NULL CONSTRAINT amazonpay_type_known CHECK (amazonpay_type IN ('3', '4')),
    payment_type         TEXT    CONSTRAINT payment_type_known CHECK (payment_type IN ('0', '1', '2')),
    created_at           INTEGER NOT NULL,
    processed_at         INTEGER NOT NULL,
    look_at              INTEGER,

    -- what ExecTran recorded
    way                  TEXT    CONSTRAINT way_known CHECK (way IN ('REVIEW', 'FINALIZE', 'APB', 'APPROVED', 'ON_DEMAND')),
    checkout_session_id  TEXT,
    exec_permission_id   TEXT,
    frequency_unit       TEXT    CONSTRAINT frequency_unit_known
        CHECK (frequency_unit IN ('Year', 'Month', 'Week', 'Day', 'Variable')),
    frequency_value      INTEGER CONSTRAINT frequency_value_range CHECK (frequency_value BETWEEN 0 AND 999),
    ret_url              TEXT,
    description          TEXT,
    client_field1        TEXT,
    client_field2        TEXT,
    client_field3        TEXT,

    -- the start ticket
    start_token_sha256   TEXT    CONSTRAINT token_hash_shape CHECK (length(start_token_sha256) = 64),
    start_limit_at       INTEGER,
    amazon_url           TEXT,
    amazon_payload       TEXT,

    -- the payment
    charge_permission_id TEXT,
    charge_id            TEXT,
    authorized_at        INTEGER,
    captured_at          INTEGER,
    sale_amount          INTEGER CONSTRAINT sale_amount_range CHECK (sale_amount BETWEEN 0 AND 9999999),
    sale_tax             INTEGER CONSTRAINT sale_tax_range CHECK (sale_tax BETWEEN 0 AND 9999999),
    cancel_amount        INTEGER NOT NULL DEFAULT 0 CONSTRAINT cancel_amount_range CHECK (cancel_amount BETWEEN 0 AND 9999999),
    cancel_tax           INTEGER NOT NULL DEFAULT 0 CONSTRAINT cancel_tax_range CHECK (cancel_tax BETWEEN 0 AND 9999999),
    refund_from          TEXT    CONSTRAINT refund_from_known CHECK (refund_from IN ('SALES', 'CAPTURE')),
    refund_id            TEXT,
    refund_amount        INTEGER CONSTRAINT refund_amount_range CHECK (refund_amount BETWEEN 0 AND 9999999),
    refund_tax           INTEGER CONSTRAINT refund_tax_range CHECK (refund_tax BETWEEN 0 AND 9999999),

    -- why it failed
    err_info             TEXT    CONSTRAINT err_info_shape CHECK (length(err_info) = 9),

    CONSTRAINT total_range CHECK (amount + tax <= 9999999),
    CONSTRAINT executed_iff_past_entry CHECK ((status = 'UNPROCESSED') = (way IS NULL)),
    CONSTRAINT session_where_there_is_one CHECK (way NOT IN ('REVIEW', 'FINALIZE') OR checkout_session_id IS NOT NULL),
    CONSTRAINT permission_where_it_was_named CHECK (way NOT IN ('APPROVED', 'ON_DEMAND') OR exec_permission_id IS NOT NULL),
    CONSTRAINT frequency_whole CHECK ((frequency_unit IS NULL) = (frequency_value IS NULL)),
    CONSTRAINT ticket_iff_ready CHECK ((status = 'REQSUCCESS')
        = (start_token_sha256 IS NOT NULL AND start_limit_at IS NOT NULL
           AND (amazon_url IS NULL) <> (amazon_payload IS NULL))),
    CONSTRAINT looked_at_iff_waiting CHECK (
        (status IN ('REQSUCCESS', 'AUTHPROCESS') OR refund_id IS NOT NULL OR sale_amount IS NOT NULL) = (look_at IS NOT NULL)),
    CONSTRAINT charge_iff_money CHECK ((status IN ('AUTH', 'SALES', 'CAPTURE', 'CANCEL', 'REQRETURN', 'RETURN'))
        = (charge_id IS NOT NULL AND authorized_at IS NOT NULL)),
    CONSTRAINT pending_charge_while_waiting CHECK (charge_id IS NULL OR authorized_at IS NOT NULL
        OR status IN ('REQSUCCESS', 'AUTHPROCESS')),
    CONSTRAINT permission_iff_agreed CHECK ((charge_id IS NOT NULL OR status IN ('REGISTER', 'END'))
        = (charge_permission_id IS NOT NULL)),
    CONSTRAINT sale_under_way_iff_whole CHECK ((sale_amount IS NULL) = (sale_tax IS NULL)
        AND (sale_amount IS NULL OR status = 'AUTH')),
    CONSTRAINT captured_iff_sold CHECK (status NOT IN ('SALES', 'CAPTURE', 'REQRETURN', 'RETURN') OR captured_at IS NOT NULL),
    CONSTRAINT refund_from_iff_returning CHECK ((status = 'REQRETURN') = (refund_from IS NOT NULL)),
    CONSTRAINT refund_iff_under_way CHECK (
        (refund_id IS NOT NULL) = (refund_amount IS NOT NULL AND refund_tax IS NOT NULL)
        AND (status <> 'REQRETURN' OR refund_id IS NOT NULL)
        AND (refund_id IS NULL OR status IN ('SALES', 'CAPTURE', 'REQRETURN'))),
    CONSTRAINT error_iff_failed CHECK ((status IN ('PAYFAIL', 'EXPIRED')) = (err_info IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX order_id_unique_per_shop ON transactions (shop_id, order_id);
CREATE INDEX transactions_of_permission ON transactions (charge_permission_id) WHERE charge_permission_id IS NOT NULL;
-- Money is counted once.
CREATE UNIQUE INDEX charge_pays_one_transaction ON transactions (charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX transactions_of_session ON transactions (checkout_session_id) WHERE checkout_session_id IS NOT NULL;
CREATE INDEX transactions_to_look_at ON transactions (look_at) WHERE look_at IS NOT NULL;

-- Every change of a transaction, in order. Written in the same database transaction as the change.
CREATE TABLE journal (
    id          INTEGER PRIMARY KEY,
    access_id   TEXT    NOT NULL REFERENCES transactions (access_id),
    version     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    event       TEXT    NOT NULL,
    status_from TEXT,
    status_to   TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    tax         INTEGER NOT NULL,
    operation   TEXT
) STRICT;
CREATE INDEX journal_of_transaction ON journal (access_id, id);

-- Every effect at Amazon: the row is written before the call, the outcome after it.
CREATE TABLE operations (
    idempotency_key TEXT    NOT NULL PRIMARY KEY CONSTRAINT key_shape CHECK (length(idempotency_key) BETWEEN 1 AND 32),
    access_id       TEXT    NOT NULL REFERENCES transactions (access_id),
    effect          TEXT    NOT NULL CONSTRAINT effect_is_json CHECK (json_valid(effect)),
    started_at      INTEGER NOT NULL,
    look_at         INTEGER NOT NULL,
    looks           INTEGER NOT NULL DEFAULT 0,
    verdict         TEXT    CONSTRAINT verdict_known CHECK (verdict IN ('DONE', 'NOT_DONE')),
    evidence        TEXT,
    request_id      TEXT,
    finished_at     INTEGER,
    CONSTRAINT finished_iff_verdict CHECK ((verdict IS NULL) = (finished_at IS NULL) AND (verdict IS NULL) = (evidence IS NULL))
) STRICT;
CREATE UNIQUE INDEX one_open_operation_per_transaction ON operations (access_id) WHERE verdict IS NULL;
CREATE INDEX operations_of_transaction ON operations (access_id, started_at);
CREATE INDEX operations_to_look_at ON operations (look_at) WHERE verdict IS NULL;

-- The outbox: what shops are owed. Id and body never change.
CREATE TABLE notifications (
    id            TEXT    NOT NULL PRIMARY KEY,
    access_id     TEXT    NOT NULL REFERENCES transactions (access_id),
    shop_id       TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    state         TEXT    NOT NULL DEFAULT 'PENDING'
        CONSTRAINT notification_state_known CHECK (state IN ('PENDING', 'DELIVERED', 'GIVEN_UP')),
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER,
    claimed_until INTEGER,
    CONSTRAINT next_iff_pending CHECK ((state = 'PENDING') = (next_at IS NOT NULL))
) STRICT;
CREATE INDEX notifications_due ON notifications (next_at) WHERE state = 'PENDING';
CREATE INDEX notifications_under_way ON notifications (shop_id, claimed_until) WHERE state = 'PENDING';
CREATE INDEX notifications_of_transaction ON notifications (access_id);

CREATE TABLE notification_attempts (
    notification_id TEXT    NOT NULL REFERENCES notifications (id),
    number          INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    took_ms         INTEGER NOT NULL,
    http_status     INTEGER,
    answer          TEXT    NOT NULL,
    PRIMARY KEY (notification_id, number)
) STRICT, WITHOUT ROWID;
