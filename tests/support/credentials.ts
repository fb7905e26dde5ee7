import { createCredentials } from '../../tools/local/environment.mjs';

/**
 * What this process, its emulators and its services use, so that an emulator that is started again takes them, too. A
 * LocalStack takes any.
 */
export const CREDENTIALS = createCredentials();
