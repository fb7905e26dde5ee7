/** The SDK's own JSON protocol. */
export const wireJson10 = {};
export const wireJson11 = {};

/** @param {number} epochMs */
export const wireTime = (epochMs) => new Date(epochMs);
/** @param {string} base64 */
export const wireBytes = (base64) => Buffer.from(base64, 'base64');
/** @param {Uint8Array} received */
export const bytesOf = (received) => Buffer.from(received);
