-- Taking from the outbox costs the same however much is in it, and keeps the order of each transaction.

-- 1 while an earlier notification of the same transaction is pending: whoever takes one on need not look at these.
ALTER TABLE notifications ADD COLUMN behind INTEGER NOT NULL DEFAULT 0
    CONSTRAINT behind_is_yes_or_no CHECK (behind IN (0, 1));
-- How many attempts were made before the present schedule began: a re-send by command begins a new one.
ALTER TABLE notifications ADD COLUMN schedule_from INTEGER NOT NULL DEFAULT 0
    CONSTRAINT schedule_from_range CHECK (schedule_from >= 0);
ALTER TABLE notification_attempts ADD COLUMN failure TEXT CONSTRAINT failure_known
    CHECK (failure IN ('REFUSED', 'UNREACHABLE', 'NAME', 'FORBIDDEN', 'TLS', 'HANG', 'BROKEN', 'SHOP_MISSING'));

UPDATE notifications SET behind = 1
WHERE state = 'PENDING' AND EXISTS (
    SELECT 1 FROM notifications earlier
    WHERE earlier.access_id = notifications.access_id AND earlier.state = 'PENDING' AND earlier.rowid < notifications.rowid);

DROP INDEX notifications_due;
DROP INDEX notifications_under_way;
-- A claim moves next_at to the end of its lease, so whatever is due here may be taken on.
CREATE INDEX notifications_due ON notifications (shop_id, next_at) WHERE state = 'PENDING' AND behind = 0;
CREATE INDEX notifications_under_way ON notifications (shop_id, claimed_until) WHERE claimed_until IS NOT NULL;
CREATE INDEX notifications_given_up ON notifications (shop_id) WHERE state = 'GIVEN_UP';
