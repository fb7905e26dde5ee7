/** Fields that come first in a line of the pretty log format, after the event's type. */
export const LEADING_LOG_FIELDS = ['orderId', 'notificationId'] as const;

/** The default of LOG_REDACT: personal data. */
export const REDACTED_LOG_FIELDS = 'customerId';
