import { isIPv6 } from 'node:net';

/** One host has as many IPv6 addresses as it likes, in its network of 64 bits: https://www.rfc-editor.org/rfc/rfc6177 */
const NETWORK_GROUPS = 4;

/** Groups of an IPv6 address, with those that `::` leaves out. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const missing = tail === undefined ? 0 : 8 - (before?.length ?? 0) - (after?.length ?? 0);
  return [...(before ?? []), ...Array<string>(Math.max(0, missing)).fill('0'), ...(after ?? [])];
}

/**
 * Whom a limit for each client counts as one: an IPv4 address, or the network of an IPv6 address.
 * @param address unknown of a connection that has broken
 */
export function clientOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address.split('%', 1)[0] ?? '').map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
