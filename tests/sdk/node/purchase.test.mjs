// What a purchase needs, by the official Node SDK against the sandbox, over HTTPS, with both signature algorithms.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import sdk from '@amazonpay/amazon-pay-api-sdk-nodejs';
import * as expected from './keys.mjs';
import {
    algorithms, client, form, fresh, hasAll, merchantId, paidSession, publicKeyId, refused, request, storeId, success,
    webCheckoutDetails, yen,
} from './world.mjs';

test('the certificate is good for Amazon\'s hosts and this machine', async () => {
    const hosts = [
        'localhost', 'pay-api.amazon.com', 'pay-api.amazon.eu', 'pay-api.amazon.jp', 'static-na.payments-amazon.com',
        'static-eu.payments-amazon.com', 'static-fe.payments-amazon.com',
    ];
    for (const host of hosts) {
        const answer = await request('GET', '/checkout.js', undefined, {}, host);
        assert.equal(answer.status, 200, host);
    }
    await assert.rejects(request('GET', '/checkout.js', undefined, {}, 'www.amazon.co.jp'));
});

test('no method of the SDK is left out', async () => {
    // What every other method goes through.
    const machinery = ['constructor', 'apiCall'];
    const written = await Promise.all(['purchase', 'records'].map((name) => readFile(new URL(`${name}.test.mjs`, import.meta.url), 'utf8')));
    const calls = written.join('\n');
    const own = sdk.WebStoreClient.prototype;
    const all = [own, Object.getPrototypeOf(own)].flatMap(Object.getOwnPropertyNames).filter((name) => !machinery.includes(name));
    assert.ok(all.length > 35, all.join(' '));
    assert.deepEqual(all.filter((name) => !calls.includes(`amazon.${name}(`)), []);
});

for (const algorithm of algorithms) {
    suite(algorithm, () => {
        const amazon = client(algorithm);
        const authorize = (amount, total) => ({
            paymentIntent: 'Authorize',
            chargeAmount: yen(amount),
            ...(total ? { totalOrderAmount: yen(total) } : {}),
        });
        /** A permission for 5,000 yen with 1,000 charged. */
        const completed = async () => {
            const id = await paidSession(authorize('1000', '5000'));
            const body = { chargeAmount: yen('1000'), totalOrderAmount: yen('5000') };
            return success(amazon.completeCheckoutSession(id, body, fresh()), 200);
        };
        const charged = async (amount) => {
            const { chargePermissionId } = await completed();
            const body = { chargePermissionId, chargeAmount: yen(amount), captureNow: false };
            return success(amazon.createCharge(body, fresh()), 201);
        };

        test('checkout session: create, get, update', async () => {
            const headers = fresh();
            const created = await success(amazon.createCheckoutSession({ webCheckoutDetails, storeId }, headers), 201);
            assert.deepEqual(Object.keys(created), expected.session);
            assert.equal(created.statusDetails.state, 'Open');
            const again = await amazon.createCheckoutSession({ webCheckoutDetails, storeId }, headers);
            assert.equal(again.data.checkoutSessionId, created.checkoutSessionId, 'the first answer again');
            const got = await success(amazon.getCheckoutSession(created.checkoutSessionId), 200);
            assert.deepEqual(Object.keys(got), expected.session);
            const changes = {
                paymentDetails: authorize(1000),
                merchantMetadata: { merchantReferenceId: '注文-1', merchantStoreName: '関所商店', noteToBuyer: 'ありがとう' },
            };
            const updated = await success(amazon.updateCheckoutSession(created.checkoutSessionId, changes), 200);
            assert.deepEqual(Object.keys(updated), expected.session);
            assert.equal(updated.paymentDetails.chargeAmount.amount, '1000', 'a number is answered as a text');
            assert.equal(updated.merchantMetadata.merchantReferenceId, '注文-1');
        });

        test('checkout session: complete', async () => {
            const session = await completed();
            assert.deepEqual(Object.keys(session), expected.session);
            assert.equal(session.statusDetails.state, 'Completed');
            assert.match(session.chargePermissionId, /^S03-\d{7}-\d{7}$/);
            assert.match(session.chargeId, /^S03-\d{7}-\d{7}-C\d{6}$/);
        });

        test('checkout session: complete with the authorization pending', async () => {
            const id = await paidSession({ ...authorize('1000'), canHandlePendingAuthorization: true });
            const headers = { ...fresh(), 'x-amz-pay-simulation-code': 'AuthorizationInitiated' };
            const session = await success(amazon.completeCheckoutSession(id, { chargeAmount: yen('1000') }, headers), 202);
            const charge = await success(amazon.getCharge(session.chargeId), 200);
            assert.equal(charge.statusDetails.state, 'AuthorizationInitiated');
        });

        test('checkout session: finalize', async () => {
            const id = await paidSession(authorize('1000'), true);
            const { shippingAddress } = await success(amazon.getCheckoutSession(id), 200);
            const body = {
                shippingAddress, billingAddress: null, chargeAmount: yen('1000'), paymentIntent: 'Authorize',
                canHandlePendingAuthorization: false,
            };
            const session = await success(amazon.finalizeCheckoutSession(id, body, fresh()), 200);
            assert.deepEqual(Object.keys(session), expected.finalizedSession);
            assert.equal(session.statusDetails.state, 'Completed');
        });

        test('charge permission: get, update, close', async () => {
            const { chargePermissionId } = await completed();
            const got = await success(amazon.getChargePermission(chargePermissionId), 200);
            hasAll(got, expected.chargePermission);
            assert.equal(got.limits.amountBalance.amount, '4000');
            const merchantMetadata = { merchantReferenceId: 'r-2', customInformation: 'x' };
            const updated = await success(amazon.updateChargePermission(chargePermissionId, { merchantMetadata }), 200);
            hasAll(updated, expected.chargePermission);
            assert.equal(updated.merchantMetadata.merchantReferenceId, 'r-2');
            const body = { closureReason: '終了', cancelPendingCharges: false };
            const closed = await success(amazon.closeChargePermission(chargePermissionId, body), 200);
            hasAll(closed, expected.chargePermission);
            assert.equal(closed.statusDetails.state, 'Closed');
        });

        test('charge: create, get, capture', async () => {
            const created = await charged(2000);
            hasAll(created, expected.charge);
            assert.equal(created.statusDetails.state, 'Authorized');
            const got = await success(amazon.getCharge(created.chargeId), 200);
            assert.deepEqual(got, created);
            const body = { captureAmount: yen('1500') };
            const captured = await success(amazon.captureCharge(created.chargeId, body, fresh()), 200);
            hasAll(captured, expected.charge);
            assert.deepEqual([captured.statusDetails.state, captured.captureAmount.amount], ['Captured', '1500']);
        });

        test('charge: cancel', async () => {
            const { chargeId } = await charged('2000');
            const canceled = await success(amazon.cancelCharge(chargeId, { cancellationReason: '在庫なし' }), 200);
            hasAll(canceled, expected.charge);
            assert.equal(canceled.statusDetails.state, 'Canceled');
            assert.deepEqual(
                await refused(amazon.captureCharge(chargeId, { captureAmount: yen('2000') }, fresh())),
                [422, 'InvalidChargeStatus'],
            );
        });

        test('refund: create, get', async () => {
            const { chargeId } = await charged('2000');
            await success(amazon.captureCharge(chargeId, { captureAmount: yen('2000') }, fresh()), 200);
            const created = await success(amazon.createRefund({ chargeId, refundAmount: yen('500') }, fresh()), 201);
            hasAll(created, expected.refund);
            assert.equal(created.statusDetails.state, 'RefundInitiated');
            const got = await success(amazon.getRefund(created.refundId), 200);
            hasAll(got, expected.refund);
        });

        test('button signature and buyer', async () => {
            const payload = {
                signInReturnUrl: 'https://shop.example/welcome', storeId, signInScopes: ['name', 'email', 'shippingAddress'],
            };
            const button = {
                merchantId, publicKeyId, algorithm, ledgerCurrency: 'JPY', placement: 'Home', productType: 'SignIn',
                payloadJSON: JSON.stringify(payload), signature: amazon.generateButtonSignature(payload),
            };
            const page = await form('/checkout/initiate', button);
            const signInId = new URL(page, 'https://localhost').searchParams.get('signInId');
            const buyer = 'amzn1.account.SEKISHOHAKONE001';
            const back = await form('/checkout/identify', { signInId, buyer, action: 'sign-in' });
            const token = new URL(back).searchParams.get('buyerToken');
            const got = await success(amazon.getBuyer(token), 200);
            assert.deepEqual([got.buyerId, got.name], [buyer, '箱根 花子']);
        });

        test('signed headers, for a caller with a client of its own', async () => {
            const id = 'S03-0000000-0000000';
            const headers = amazon.getSignedHeaders({ method: 'GET', urlFragment: `chargePermissions/${id}` });
            const answer = await request('GET', `/v2/chargePermissions/${id}`, undefined, headers);
            assert.deepEqual([answer.status, JSON.parse(answer.text).reasonCode], [404, 'ResourceNotFound']);
            const other = await request('GET', `/v2/chargePermissions/${id.replace(/0$/, '1')}`, undefined, headers);
            assert.deepEqual([other.status, JSON.parse(other.text).reasonCode], [403, 'InvalidRequestSignature']);
        });

        test('what is bought in a shop of bricks is not here, and says so', async () => {
            const inStore = new sdk.InStoreClient(client(algorithm).configArgs);
            for (const name of ['merchantScan', 'charge', 'refund']) {
                assert.deepEqual(await refused(inStore[name]({}, fresh())), [405, 'UnsupportedOperation'], name);
            }
        });

        test('what the sandbox refuses, the SDK throws with Amazon\'s code', async () => {
            const id = 'S03-0000000-0000000';
            assert.deepEqual(await refused(amazon.getChargePermission(id)), [404, 'ResourceNotFound']);
            const unsaid = amazon.createCheckoutSession({ storeId, nonsense: 1 }, fresh());
            assert.deepEqual(await refused(unsaid), [400, 'UnrecognizedField']);
            const other = client(algorithm === algorithms[0] ? algorithms[1] : algorithms[0]);
            assert.equal((await other.getChargePermission(id).catch((error) => error.response.status)), 404);
            const unknown = client(algorithm, { publicKeyId: 'SANDBOX-AAAAAAAAAAAAAAAAAAAAAAAA' });
            assert.deepEqual(await refused(unknown.getChargePermission(id)), [401, 'UnauthorizedAccess']);
        });
    });
}
