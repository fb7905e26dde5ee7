import { connect } from 'node:net';

const CONNECT_WITHIN_MS = 2_000;

/** Whether a TCP connection to the URL's host and port can be opened. Does not keep the process alive. */
export function isListening({ protocol, hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const defaultPort = protocol === 'https:' ? 443 : 80;
    // Only a URL puts an IPv6 address in brackets.
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: port === '' ? defaultPort : Number(port) });
    const answer = (listening: boolean) => () => {
      socket.destroy();
      resolve(listening);
    };
    socket.unref();
    socket.setTimeout(CONNECT_WITHIN_MS, answer(false));
    socket.on('connect', answer(true));
    socket.on('error', answer(false));
  });
}
