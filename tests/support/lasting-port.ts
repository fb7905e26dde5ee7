import { canListen } from '../../tools/local/ports.mjs';

/**
 * Below the range of outgoing connections, which could take the port of a process while it is down:
 * https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
 */
const FIRST = 20_000;
const LAST = 32_000;

/** A free port that a process can keep across restarts. */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await canListen(port)) return port;
  }
}
