// What comes around purchases, by the official Node SDK: reports, disputes, files, shipments, accounts.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as expected from './keys.mjs';
import { algorithms, client, control, fresh, hasAll, merchantId, paidSession, success, yen } from './world.mjs';

const AUTHORIZATIONS = '_GET_FLAT_FILE_OFFAMAZONPAYMENTS_AUTHORIZATION_DATA_';
const REFUNDS = '_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_';
const HOUR = 60 * 60 * 1000;

/** `yyyyMMddTHHmmssZ`, so many milliseconds from now on the sandbox's clock. */
const moment = (now, ms) => new Date(now + ms).toISOString().replace(/[-:]|\.\d+/g, '');

for (const algorithm of algorithms) {
    suite(algorithm, () => {
        const amazon = client(algorithm);
        const pay = async (paymentIntent, canHandlePendingAuthorization = false, headers = {}) => {
            const terms = { paymentIntent, chargeAmount: yen('1000'), canHandlePendingAuthorization };
            const id = await paidSession(terms);
            const answer = await amazon.completeCheckoutSession(id, { chargeAmount: yen('1000') }, { ...fresh(), ...headers });
            return answer.data;
        };

        test('reports: create, list, get, document', async () => {
            const { now_ms: now } = await control('clock', { advance_ms: 0 });
            const asked = { reportType: AUTHORIZATIONS, startTime: moment(now, -24 * HOUR), endTime: moment(now, 0) };
            const { reportId } = await success(amazon.createReport(asked, fresh()), 201);
            await control('clock', { advance_ms: 31_000 });
            const filter = { reportTypes: [AUTHORIZATIONS, REFUNDS], processingStatuses: ['COMPLETED'], pageSize: '10' };
            const { reports } = await success(amazon.getReports(filter), 200);
            const listed = reports.find((one) => one.reportId === reportId);
            assert.deepEqual(Object.keys(listed), expected.report);
            const report = await success(amazon.getReportById(reportId), 200);
            assert.deepEqual(report, listed);
            assert.equal(report.processingStatus, 'COMPLETED');
            const document = await success(amazon.getReportDocument(report.reportDocumentId), 200);
            hasAll(document, ['reportDocumentId', 'url']);
        });

        test('report schedules: create, list, get, cancel', async () => {
            const { now_ms: now } = await control('clock', { advance_ms: 0 });
            const asked = {
                reportType: AUTHORIZATIONS, scheduleFrequency: 'PT84H', nextReportCreationTime: moment(now, HOUR),
                deleteExistingSchedule: true,
            };
            const { reportScheduleId } = await success(amazon.createReportSchedule(asked, fresh()), 201);
            const { reportSchedules } = await success(amazon.getReportSchedules([AUTHORIZATIONS, REFUNDS]), 200);
            assert.deepEqual(Object.keys(reportSchedules[0]), expected.reportSchedule);
            const got = await success(amazon.getReportScheduleById(reportScheduleId), 200);
            assert.deepEqual(Object.keys(got), expected.reportSchedule);
            await success(amazon.cancelReportSchedule(reportScheduleId), 200);
        });

        test('merchant accounts: create, update, claim, delete', async () => {
            const businessAddress = {
                addressLine1: '450 野田', city: '香取市', stateOrRegion: '千葉県', postalCode: '289-0314', countryCode: 'JP',
            };
            const account = (uniqueReferenceId) => ({
                uniqueReferenceId,
                ledgerCurrency: 'JPY',
                businessInfo: {
                    businessType: 'CORPORATE', countryOfEstablishment: 'JP', businessLegalName: '野田商店', businessAddress,
                },
            });
            const name = `account-${algorithm}`;
            const created = await success(amazon.registerAmazonPayAccount(account(name), fresh()), 201);
            assert.deepEqual(Object.keys(created), expected.merchantAccount);
            const id = created.merchantAccountId;
            assert.equal((await amazon.updateAmazonPayAccount(id, { businessInfo: { businessAddress } })).status, 204);
            const claimed = await amazon.merchantAccountClaim(id, { uniqueReferenceId: name });
            assert.equal(claimed.status, 303);
            assert.equal((await amazon.deleteAmazonPayAccount(id)).status, 202);
            const other = await success(amazon.createMerchantAccount(account(`${name}-2`), fresh()), 201);
            const update = amazon.updateMerchantAccount(other.merchantAccountId, { businessInfo: { businessAddress } }, {});
            assert.equal((await update).status, 204);
        });

        test('authorization token', async () => {
            const got = await success(amazon.getAuthorizationToken('amzn.mws.4ea38b7b-f563-7709-4bae-87aea01c0000', merchantId), 200);
            assert.equal(typeof got.authorizationToken, 'string');
        });

        test('disputes and files: open, get, contest with a file, update', async () => {
            const { chargeId } = await pay('AuthorizeWithCapture');
            const { now_ms: now } = await control('clock', { advance_ms: 0 });
            const asked = {
                chargeId,
                providerMetadata: { providerDisputeId: 'A2CQXQ2TUSYG7J' },
                disputeAmount: yen('1000'),
                filingReason: 'ProductNotReceived',
                filingTimestamp: now,
                statusDetails: { state: 'ActionRequired' },
                merchantResponseDeadline: now + 7 * 24 * HOUR,
            };
            const opened = await success(amazon.createDispute(asked, fresh()), 200);
            hasAll(opened, expected.dispute);
            hasAll(await success(amazon.getDispute(opened.disputeId), 200), expected.dispute);
            const file = await success(amazon.uploadFile({ type: 'jpg', purpose: 'disputeEvidence' }, fresh()), 200);
            hasAll(file, expected.file);
            const evidence = { evidenceType: 'TrackingNumber', fileId: file.id, evidenceText: '配達済み' };
            const contest = amazon.contestDispute(opened.disputeId, { merchantEvidences: [evidence] }, fresh());
            hasAll(await success(contest, 200), expected.dispute);
            const resolved = {
                statusDetails: {
                    state: 'Resolved', resolution: 'MerchantWon', reasonCode: 'MerchantAcceptedDispute',
                    reasonDescription: '受け入れ',
                },
                closureTimestamp: now + HOUR,
            };
            const updated = await success(amazon.updateDispute(opened.disputeId, resolved, fresh()), 200);
            assert.equal(updated.statusDetails.state, 'Resolved');
        });

        test('charge: update', async () => {
            const pending = { 'x-amz-pay-simulation-code': 'AuthorizationInitiated' };
            const { chargeId } = await pay('Authorize', true, pending);
            const statusDetails = { state: 'Canceled', reasonCode: 'ExpiredUnused' };
            const updated = await success(amazon.updateCharge(chargeId, { statusDetails }, {}), 200);
            hasAll(updated, expected.charge);
            assert.equal(updated.statusDetails.state, 'Canceled');
        });

        test('delivery tracker', async () => {
            const { chargePermissionId } = await pay('Authorize');
            const deliveryDetails = [{ trackingNumber: `${algorithm}-1`, carrierCode: 'YAMATO' }];
            const told = await success(amazon.deliveryTrackers({ chargePermissionId, deliveryDetails }), 200);
            assert.deepEqual(told.deliveryDetails, deliveryDetails);
        });
    });
}
