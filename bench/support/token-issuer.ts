import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const AUDIENCE = 'urn:orderflow:bench';
const KEY = { kid: 'bench', alg: 'ES256' };

/** An issuer inside this process. It gives every client a token of an operator, which clients use for all requests. */
export async function startTokenIssuer() {
  const { publicKey, privateKey } = await generateKeyPair(KEY.alg);
  const jwk = { ...(await exportJWK(publicKey)), ...KEY };
  const server = createServer((request, answer) => {
    void respond(request.url).then((body) =>
      answer.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const newToken = (): Promise<string> =>
    new SignJWT({ scope: 'orders:write orders:read ops', client_id: 'bench' })
      .setProtectedHeader({ ...KEY, typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject('bench')
      .setIssuedAt()
      .setExpirationTime('1 day')
      .sign(privateKey);

  async function respond(path: string | undefined): Promise<object> {
    if (path === '/keys') return { keys: [jwk] };
    if (path === '/token') return { access_token: await newToken(), token_type: 'Bearer', expires_in: 86_400 };
    return { issuer, jwks_uri: `${issuer}/keys`, token_endpoint: `${issuer}/token` };
  }

  return {
    /** Variables of an API that trusts it. */
    env: { AUTH_MODE: 'jwt', OIDC_ISSUER: issuer, OIDC_AUDIENCE: AUDIENCE },
    dispose: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
