/** HTTP relays: from this machine to the load balancer, and from containers to the OpenID provider. */
import http from 'node:http';

/**
 * Forwards requests.
 * @param {{ host: string, port: number }} at the address to listen on
 * @param {(request: import('node:http').IncomingMessage) => { url: string, host?: string } | undefined} route the
 *   target of a request and its `Host`; undefined: 404
 * @returns {Promise<{ close: () => void }>}
 */
export function startRelay(at, route) {
  const server = http.createServer((request, response) => {
    const target = route(request);
    if (!target) {
      response.writeHead(404).end();
      return;
    }
    const headers = { ...request.headers, host: target.host ?? new URL(target.url).host };
    const forwarded = http.request(target.url, { method: request.method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    const fail = () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    };
    forwarded.on('error', fail);
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      resolve({
        close: () => {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });
}
