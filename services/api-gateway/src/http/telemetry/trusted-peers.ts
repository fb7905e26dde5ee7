import proxyAddr from '@fastify/proxy-addr';
import { trustedProxies } from '../../config.js';

/** Tells whether a connection comes from a proxy of TRUST_PROXY. With a number of hops, each connection does. */
export function createTrustedPeers(text: string | undefined): (address: string | undefined) => boolean {
  const trusted = trustedProxies(text);
  const isProxy = typeof trusted === 'function' ? trusted : proxyAddr.compile(trusted || []);
  // A connection that has broken has no address.
  return (address) => address !== undefined && isProxy(address, 0);
}
