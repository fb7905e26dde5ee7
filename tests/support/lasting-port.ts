import { canListen } from '../../tools/local/ports.mjs';

/**
 * Below the ports that the system gives to outgoing connections: one of those could take a port while the process that
 * listens on it is down. https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
 */
const FIRST = 20_000;
const LAST = 32_000;

/** A free port that stays its owner's across restarts. */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await canListen(port)) return port;
  }
}
