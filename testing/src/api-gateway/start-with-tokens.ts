import type { AddressInfo } from 'node:net';
import { createIssuer, JWT_MODE } from './issuer.js';
import { startApi } from './start-api.js';

/** The API in the mode jwt, with its issuer. @param options `isAway`: the issuer does not answer yet */
export async function startWithTokens(env: NodeJS.ProcessEnv = {}, { isAway = false } = {}) {
  const issuer = await createIssuer();
  issuer.state.isAway = isAway;
  const api = await startApi({ ...JWT_MODE, ...env }, undefined, issuer.fetch);
  return {
    ...api,
    issuer,
    /** Listens. @returns the port */
    listen: async (): Promise<number> => {
      await api.app.listen(0, '127.0.0.1');
      return (api.app.getHttpServer().address() as AddressInfo).port;
    },
  };
}
