import { withSubject, type Places } from '../support/bench-system.js';
import { startTokenIssuer } from '../support/token-issuer.js';
import { measureSaturation } from './saturation.js';

/** CPU time of the API per order, without and with access tokens. */
type Cost = { apiCpuMsOff: number; apiCpuMsJwt: number };

async function apiCpuMs(places: Places, orders: number, env: Record<string, string>): Promise<number> {
  return (await withSubject(places, 'ours', (system) => measureSaturation(system, orders), { env })).apiCpuMs;
}

/** Measures one right after the other, and in turn the other first: the speed of a machine drifts. */
export async function measureTokens(places: Places, orders: number, round: number): Promise<Cost> {
  const issuer = await startTokenIssuer();
  try {
    const early = round % 2 === 0 ? await apiCpuMs(places, orders, {}) : undefined;
    const apiCpuMsJwt = await apiCpuMs(places, orders, issuer.env);
    return { apiCpuMsOff: early ?? (await apiCpuMs(places, orders, {})), apiCpuMsJwt };
  } finally {
    issuer.dispose();
  }
}
