import { createCredentials } from '../../tools/local/environment.mjs';

/** Shared by this process, its emulators and services, so that a restarted emulator accepts them, too. */
export const CREDENTIALS = createCredentials();
