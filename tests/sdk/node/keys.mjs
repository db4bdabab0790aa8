// The names of the fields of each object. The checkout session's are in Amazon's order, which its own tests insist on.

export const session = [
    'checkoutSessionId', 'webCheckoutDetails', 'productType', 'paymentDetails', 'chargePermissionType', 'orderType',
    'recurringMetadata', 'paymentMethodOnFileMetadata', 'merchantDetails', 'merchantMetadata', 'supplementaryData',
    'buyer', 'billingAddress', 'paymentPreferences', 'statusDetails', 'shippingAddress', 'platformId',
    'chargePermissionId', 'chargeId', 'constraints', 'creationTimestamp', 'expirationTimestamp', 'storeId',
    'providerMetadata', 'releaseEnvironment', 'checkoutButtonText', 'deliverySpecifications', 'tokens',
];

export const finalizedSession = session.flatMap((name) => (name === 'paymentDetails' ? [name, 'cartDetails'] : [name]));

export const chargePermission = [
    'chargePermissionId', 'chargePermissionReferenceId', 'platformId', 'buyer', 'shippingAddress', 'billingAddress',
    'paymentPreferences', 'statusDetails', 'creationTimestamp', 'expirationTimestamp', 'merchantMetadata',
    'releaseEnvironment', 'limits', 'chargePermissionType', 'recurringMetadata', 'presentmentCurrency',
];

export const charge = [
    'chargeId', 'chargeAmount', 'chargePermissionId', 'captureAmount', 'refundedAmount', 'softDescriptor',
    'providerMetadata', 'convertedAmount', 'conversionRate', 'channel', 'chargeInitiator', 'statusDetails',
    'creationTimestamp', 'expirationTimestamp', 'releaseEnvironment', 'merchantMetadata', 'platformId',
    'webCheckoutDetails',
];

export const refund = [
    'refundId', 'chargeId', 'creationTimestamp', 'refundAmount', 'statusDetails', 'softDescriptor',
    'releaseEnvironment',
];

export const report = [
    'createdTime', 'endTime', 'processingEndTime', 'processingStartTime', 'processingStatus', 'reportDocumentId',
    'reportId', 'reportType', 'startTime',
];

export const reportSchedule = ['nextReportCreationTime', 'reportScheduleId', 'reportType', 'scheduleFrequency'];

export const merchantAccount = ['uniqueReferenceId', 'merchantAccountId'];

export const dispute = [
    'disputeId', 'chargeId', 'disputeType', 'disputeAmount', 'filingReason', 'resolutionAuthority', 'statusDetails',
    'merchantResponseDeadline', 'releaseEnvironment',
];

export const file = ['id', 'type', 'purpose', 'url', 'size', 'uploadTimestamp', 'urlExpirationTimestamp'];
