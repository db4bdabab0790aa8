-- What the console reads. Every list is answered from an index or within a bound (src/store/sqlite/overview), and the
-- figures of a day are kept as they come about, so that no page counts transactions.

-- What a transaction is about, in one number.
ALTER TABLE transactions ADD COLUMN total INTEGER GENERATED ALWAYS AS (amount + tax) VIRTUAL;

CREATE INDEX transactions_by_time ON transactions (created_at);
CREATE INDEX transactions_of_shop_by_time ON transactions (shop_id, created_at);
CREATE INDEX transactions_by_status ON transactions (status, created_at);
CREATE INDEX transactions_of_shop_by_status ON transactions (shop_id, status, created_at);
CREATE INDEX transactions_by_total ON transactions (total);
CREATE INDEX transactions_of_shop_by_total ON transactions (shop_id, total);
CREATE INDEX transactions_by_order ON transactions (order_id);

-- Authorisations that are not captured yet, by age: Amazon keeps one for 30 days.
CREATE INDEX authorisations_by_age ON transactions (authorized_at) WHERE status = 'AUTH' AND sale_amount IS NULL;
CREATE INDEX authorisations_of_shop_by_age ON transactions (shop_id, authorized_at)
    WHERE status = 'AUTH' AND sale_amount IS NULL;

-- Transactions with which a buyer gave a consent that can be charged again.
CREATE INDEX consents_by_time ON transactions (created_at)
    WHERE frequency_unit IS NOT NULL AND charge_permission_id IS NOT NULL;
CREATE INDEX consents_of_shop_by_time ON transactions (shop_id, created_at)
    WHERE frequency_unit IS NOT NULL AND charge_permission_id IS NOT NULL;

-- Each is also in the order of writing, as every index is by rowid in the end.
CREATE INDEX notifications_by_state ON notifications (state);
CREATE INDEX notifications_of_shop ON notifications (shop_id);
CREATE INDEX notifications_of_shop_by_state ON notifications (shop_id, state);

-- Calls of a shop about a transaction of its own, for people who look at its story: what was refused left no other trace.
-- The last fifty of each transaction (CALLS_KEPT in src/store/note.rs); no parameter of them.
CREATE TABLE calls (
    access_id TEXT    NOT NULL,
    -- Its place among those of its transaction, from 1. The newest is never dropped, so what is missing shows.
    number    INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    took_ms   INTEGER NOT NULL,
    call      TEXT    NOT NULL,
    -- What it was answered: ErrInfo codes, `|` between them; empty where it was done.
    codes     TEXT    NOT NULL,
    caller    TEXT    NOT NULL,
    PRIMARY KEY (access_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER calls_are_few AFTER INSERT ON calls WHEN NEW.number > 50
BEGIN
    DELETE FROM calls WHERE access_id = NEW.access_id AND number <= NEW.number - 50;
END;

-- Exchanges with Amazon on behalf of a transaction, each attempt of a call, so that an operator can give Amazon's support
-- the request id of each. Names and numbers only: no key, signature or body, and no personal data. The first hundred and
-- the last hundred of each transaction (EXCHANGES_KEPT in src/store/note.rs).
CREATE TABLE exchanges (
    access_id       TEXT    NOT NULL,
    number          INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    took_ms         INTEGER NOT NULL,
    -- What it was for: a word of Occasion in src/store/note.rs.
    occasion        TEXT    NOT NULL,
    -- The effect that it belongs to, if it belongs to one.
    idempotency_key TEXT,
    operation       TEXT    NOT NULL,
    method          TEXT    NOT NULL,
    path            TEXT    NOT NULL,
    attempt         INTEGER NOT NULL,
    -- The status of the answer; NULL where none came. Where the status does not say it, why there was none to be trusted.
    status          INTEGER,
    failure         TEXT,
    reason_code     TEXT,
    request_id      TEXT,
    PRIMARY KEY (access_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER exchanges_are_few AFTER INSERT ON exchanges WHEN NEW.number > 200
BEGIN
    DELETE FROM exchanges WHERE access_id = NEW.access_id AND number > 100 AND number <= NEW.number - 100;
END;

-- Days in Japan's time, as days since 1970-01-01. Per day, shop and name: how many, and their sum.
--   STATUS   by present status: transactions entered that day; yen
--   FLOW     TAKEN (entered), CAPTURED, CANCELLED, REFUNDED (of it, what is done), FAILED: what happened that day; yen
--   LATENCY  effects at Amazon that ended that day, by the bound of their time in milliseconds; milliseconds
CREATE TABLE tallies (
    day     INTEGER NOT NULL,
    shop_id TEXT    NOT NULL,
    kind    TEXT    NOT NULL CONSTRAINT kind_known CHECK (kind IN ('STATUS', 'FLOW', 'LATENCY')),
    name    TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    sum     INTEGER NOT NULL,
    PRIMARY KEY (day, shop_id, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tally_of_entered AFTER INSERT ON transactions
BEGIN
    INSERT INTO tallies (day, shop_id, kind, name, count, sum)
    SELECT (at + 32400000) / 86400000, NEW.shop_id, kind, name, 1, yen FROM (
        SELECT NEW.created_at AS at, 'STATUS' AS kind, NEW.status AS name, NEW.amount + NEW.tax AS yen
        UNION ALL
        SELECT NEW.created_at, 'FLOW', 'TAKEN', NEW.amount + NEW.tax)
    WHERE true
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum;
END;

CREATE TRIGGER tally_of_status AFTER UPDATE OF status, amount, tax ON transactions
WHEN NEW.status <> OLD.status OR NEW.amount + NEW.tax <> OLD.amount + OLD.tax
BEGIN
    INSERT INTO tallies (day, shop_id, kind, name, count, sum)
    VALUES ((NEW.created_at + 32400000) / 86400000, NEW.shop_id, 'STATUS', OLD.status, -1, -(OLD.amount + OLD.tax)),
           ((NEW.created_at + 32400000) / 86400000, NEW.shop_id, 'STATUS', NEW.status, 1, NEW.amount + NEW.tax)
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum;
END;

CREATE TRIGGER tally_of_flow
AFTER UPDATE OF status, captured_at, cancel_amount, cancel_tax ON transactions
WHEN (NEW.captured_at IS NOT NULL AND OLD.captured_at IS NULL)
    OR NEW.cancel_amount + NEW.cancel_tax > OLD.cancel_amount + OLD.cancel_tax
    OR (NEW.err_info IS NOT NULL AND OLD.err_info IS NULL)
BEGIN
    INSERT INTO tallies (day, shop_id, kind, name, count, sum)
    SELECT (NEW.processed_at + 32400000) / 86400000, NEW.shop_id, 'FLOW', name, 1, yen FROM (
        SELECT 'CAPTURED' AS name, NEW.amount + NEW.tax AS yen
        WHERE NEW.captured_at IS NOT NULL AND OLD.captured_at IS NULL
        UNION ALL
        SELECT iif(NEW.captured_at IS NULL, 'CANCELLED', 'REFUNDED'),
               NEW.cancel_amount + NEW.cancel_tax - OLD.cancel_amount - OLD.cancel_tax
        WHERE NEW.cancel_amount + NEW.cancel_tax > OLD.cancel_amount + OLD.cancel_tax
        UNION ALL
        SELECT 'FAILED', NEW.amount + NEW.tax WHERE NEW.err_info IS NOT NULL AND OLD.err_info IS NULL)
    WHERE true
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum;
END;

-- The bounds are those of LATENCY_BOUNDS_MS in src/store/overview/figures.rs.
CREATE TRIGGER tally_of_latency AFTER UPDATE OF finished_at ON operations
WHEN NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL
BEGIN
    INSERT INTO tallies (day, shop_id, kind, name, count, sum)
    SELECT (NEW.finished_at + 32400000) / 86400000, shop_id, 'LATENCY',
           CASE WHEN took <= 100 THEN '100' WHEN took <= 200 THEN '200' WHEN took <= 500 THEN '500'
                WHEN took <= 1000 THEN '1000' WHEN took <= 2000 THEN '2000' WHEN took <= 5000 THEN '5000'
                WHEN took <= 10000 THEN '10000' WHEN took <= 30000 THEN '30000' ELSE 'more' END,
           1, took
    FROM (SELECT shop_id, max(0, NEW.finished_at - NEW.started_at) AS took
          FROM transactions WHERE access_id = NEW.access_id)
    WHERE true
    ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum;
END;

-- What an older book holds. When something was captured, given back or failed is known by its last change only.
INSERT INTO tallies (day, shop_id, kind, name, count, sum)
SELECT day, shop_id, kind, name, count(*), sum(yen) FROM (
    SELECT (created_at + 32400000) / 86400000 AS day, shop_id, 'STATUS' AS kind, status AS name, amount + tax AS yen
    FROM transactions
    UNION ALL
    SELECT (t.created_at + 32400000) / 86400000, t.shop_id, 'FLOW', 'TAKEN', coalesce(j.amount + j.tax, t.amount + t.tax)
    FROM transactions t LEFT JOIN journal j ON j.access_id = t.access_id AND j.event = 'entered'
    UNION ALL
    SELECT (captured_at + 32400000) / 86400000, shop_id, 'FLOW', 'CAPTURED',
           amount + tax + cancel_amount + cancel_tax + coalesce(refund_amount + refund_tax, 0)
    FROM transactions WHERE captured_at IS NOT NULL
    UNION ALL
    SELECT (processed_at + 32400000) / 86400000, shop_id, 'FLOW', iif(captured_at IS NULL, 'CANCELLED', 'REFUNDED'),
           cancel_amount + cancel_tax
    FROM transactions WHERE cancel_amount + cancel_tax > 0
    UNION ALL
    SELECT (processed_at + 32400000) / 86400000, shop_id, 'FLOW', 'FAILED', amount + tax
    FROM transactions WHERE err_info IS NOT NULL
    UNION ALL
    SELECT (o.finished_at + 32400000) / 86400000, t.shop_id, 'LATENCY',
           CASE WHEN took <= 100 THEN '100' WHEN took <= 200 THEN '200' WHEN took <= 500 THEN '500'
                WHEN took <= 1000 THEN '1000' WHEN took <= 2000 THEN '2000' WHEN took <= 5000 THEN '5000'
                WHEN took <= 10000 THEN '10000' WHEN took <= 30000 THEN '30000' ELSE 'more' END,
           took
    FROM (SELECT access_id, finished_at, max(0, finished_at - started_at) AS took FROM operations
          WHERE finished_at IS NOT NULL) o
    JOIN transactions t ON t.access_id = o.access_id)
GROUP BY day, shop_id, kind, name;
