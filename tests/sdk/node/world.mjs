// What every test here needs: the SDK's client, the sandbox's control API, and a buyer who pays.
//
// Where the sandbox is comes from the environment (tests/it/sdk.rs sets it):
//   SANDBOX_HOST       host:port, as the SDK's overrideServiceUrl wants it
//   SANDBOX_CA         the file of the sandbox's certificate authority
//   MERCHANT_ID, STORE_ID, PUBLIC_KEY_ID, PRIVATE_KEY_FILE

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import sdk from '@amazonpay/amazon-pay-api-sdk-nodejs';

const needed = (name) => {
    const value = process.env[name];
    assert.ok(value, `${name} is not set`);
    return value;
};

export const host = needed('SANDBOX_HOST');
export const merchantId = needed('MERCHANT_ID');
export const storeId = needed('STORE_ID');
export const publicKeyId = needed('PUBLIC_KEY_ID');
const ca = readFileSync(needed('SANDBOX_CA'));
const privateKey = readFileSync(needed('PRIVATE_KEY_FILE'));

export const algorithms = ['AMZN-PAY-RSASSA-PSS', 'AMZN-PAY-RSASSA-PSS-V2'];

/** The SDK's own client, set up as its README says. */
export const client = (algorithm, changes = {}) => new sdk.WebStoreClient({
    publicKeyId, privateKey, region: 'jp', sandbox: true, overrideServiceUrl: host, algorithm, ...changes,
});

let keys = 0;
/** A header with an idempotency key that nobody has used. */
export const fresh = () => ({ 'x-amz-pay-idempotency-key': `node-${process.pid}-${keys += 1}` });

export const yen = (amount) => ({ amount, currencyCode: 'JPY' });

/**
 * A request that trusts the sandbox's authority and nobody else. The SDK switches verification off for the whole process
 * once overrideServiceUrl is set, so it is switched on here by name.
 */
export const request = (method, path, body, headers = {}, servername = 'localhost') => new Promise((resolve, reject) => {
    const [hostname, port] = host.split(':');
    const options = { method, hostname, port, path, headers, ca, rejectUnauthorized: true, servername };
    const sent = https.request(options, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => {
            resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(parts).toString() });
        });
    });
    sent.on('error', reject);
    sent.end(body);
});

/** The sandbox's control API. */
export const control = async (path, body) => {
    const answer = await request('POST', `/_control/${path}`, JSON.stringify(body));
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`);
    return JSON.parse(answer.text);
};

/** Posts a form as a buyer's browser does; answers where it leads. */
export const form = async (path, fields) => {
    const body = new URLSearchParams(fields).toString();
    const answer = await request('POST', path, body, { 'content-type': 'application/x-www-form-urlencoded' });
    assert.equal(answer.status, 303, answer.text);
    return answer.headers.location;
};

export const webCheckoutDetails = {
    checkoutReviewReturnUrl: 'https://shop.example/review',
    checkoutResultReturnUrl: 'https://shop.example/result',
};

/** A session whose buyer has pressed "pay"; `onPage` for one of the script inside the shop's page. */
export const paidSession = async (paymentDetails, onPage = false) => {
    const payload = { storeId, paymentDetails, ...(onPage ? {} : { webCheckoutDetails }) };
    const session = await control('checkoutSessions', { merchantId, payload });
    return session.checkoutSessionId;
};

/** What the SDK throws: the answer's status and Amazon's code. */
export const refused = async (call) => {
    try {
        await call;
    } catch (error) {
        assert.ok(error.response, error);
        const { status, data, headers } = error.response;
        assert.ok(headers['x-amz-pay-request-id']);
        assert.deepEqual(Object.keys(data), ['reasonCode', 'message']);
        return [status, data.reasonCode];
    }
    return assert.fail('it was not refused');
};

/** A success of this status, with a request id; answers its body. */
export const success = async (call, status) => {
    // The SDK throws the whole of its HTTP client; what was answered says more.
    const answer = await call.catch((error) => error.response ?? Promise.reject(error));
    assert.equal(answer.status, status, JSON.stringify(answer.data));
    assert.ok(answer.headers['x-amz-pay-request-id'], 'x-amz-pay-request-id');
    return answer.data;
};

/** The object has all these fields, in whatever order. */
export const hasAll = (object, names) => {
    for (const name of names) assert.ok(Object.hasOwn(object, name), `${name} is missing`);
};
