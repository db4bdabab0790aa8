-- New transactions and new versions of old ones, from a JSON array of rows. What EntryTran fixed is never rewritten.
INSERT INTO transactions (
    access_id, key_id, shop_id, order_id, version, status, job_cd, amount, tax, amazonpay_type, payment_type,
    created_at, processed_at, look_at, way, checkout_session_id, exec_permission_id, frequency_unit, frequency_value,
    ret_url, description, client_field1, client_field2, client_field3, start_token_sha256, start_limit_at, amazon_url,
    amazon_payload, charge_permission_id, charge_id, authorized_at, captured_at, sale_amount, sale_tax, cancel_amount, cancel_tax, refund_from, refund_id,
    refund_amount, refund_tax, err_info
)
SELECT
    value ->> 'access_id', value ->> 'key_id', value ->> 'shop_id', value ->> 'order_id', value ->> 'version',
    value ->> 'status', value ->> 'job_cd', value ->> 'amount', value ->> 'tax', value ->> 'amazonpay_type',
    value ->> 'payment_type', value ->> 'created_at', value ->> 'processed_at', value ->> 'look_at', value ->> 'way',
    value ->> 'checkout_session_id', value ->> 'exec_permission_id', value ->> 'frequency_unit',
    value ->> 'frequency_value', value ->> 'ret_url', value ->> 'description', value ->> 'client_field1',
    value ->> 'client_field2', value ->> 'client_field3', value ->> 'start_token_sha256', value ->> 'start_limit_at',
    value ->> 'amazon_url', value ->> 'amazon_payload', value ->> 'charge_permission_id', value ->> 'charge_id', value ->> 'authorized_at',
    value ->> 'captured_at', value ->> 'sale_amount', value ->> 'sale_tax', value ->> 'cancel_amount', value ->> 'cancel_tax', value ->> 'refund_from',
    value ->> 'refund_id', value ->> 'refund_amount', value ->> 'refund_tax', value ->> 'err_info'
FROM json_each(?1)
WHERE true
ON CONFLICT (access_id) DO UPDATE SET
    version = excluded.version, status = excluded.status, amount = excluded.amount, tax = excluded.tax,
    processed_at = excluded.processed_at, look_at = excluded.look_at, way = excluded.way,
    checkout_session_id = excluded.checkout_session_id, exec_permission_id = excluded.exec_permission_id,
    frequency_unit = excluded.frequency_unit, frequency_value = excluded.frequency_value, ret_url = excluded.ret_url,
    description = excluded.description, client_field1 = excluded.client_field1,
    client_field2 = excluded.client_field2, client_field3 = excluded.client_field3,
    start_token_sha256 = excluded.start_token_sha256, start_limit_at = excluded.start_limit_at,
    amazon_url = excluded.amazon_url, amazon_payload = excluded.amazon_payload, charge_permission_id = excluded.charge_permission_id,
    charge_id = excluded.charge_id, authorized_at = excluded.authorized_at, captured_at = excluded.captured_at,
    sale_amount = excluded.sale_amount, sale_tax = excluded.sale_tax,
    cancel_amount = excluded.cancel_amount, cancel_tax = excluded.cancel_tax, refund_from = excluded.refund_from,
    refund_id = excluded.refund_id, refund_amount = excluded.refund_amount, refund_tax = excluded.refund_tax,
    err_info = excluded.err_info
