import { isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** A host can use every IPv6 address of its 64-bit network: https://www.rfc-editor.org/rfc/rfc6177 */
const NETWORK_GROUPS = 4;

/** The eight groups of an IPv6 address, including those that `::` leaves out. */
function groupsOf(address: string): string[] {
  const split = (part = '') => part.split(':').filter((group) => group !== '');
  const [before, after] = address.split('::');
  const missing = 8 - split(before).length - split(after).length;
  return [...split(before), ...Array<string>(Math.max(0, missing)).fill('0'), ...split(after)];
}

/** The key of a request's client in per-client limits: the subject of its token, or its address. */
export function clientOf({ caller, ip }: Pick<FastifyRequest, 'caller' | 'ip'>): string {
  // Addresses have no space.
  return caller?.subject === undefined ? clientAt(ip) : `subject ${caller.subject}`;
}

/**
 * The key of a client without a token: an IPv4 address, or the network of an IPv6 address.
 * @param address undefined after the connection has broken
 */
export function clientAt(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address.split('%', 1)[0] ?? '').map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
