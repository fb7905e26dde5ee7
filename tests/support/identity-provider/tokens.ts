import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { PROGRAMS } from '../../../tools/identity-provider/registered.mjs';

type TokenAnswer = {
  access_token: string;
  id_token?: string;
  refresh_token?: string;
  expires_in: number;
  scope?: string;
  error?: string;
};

type Claims = { iss: string; aud: string; sub: string; client_id: string; scope?: string; exp: number; iat: number };

const json = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown;

/** The header and the claims of an RS256 token. @throws unless a key of the issuer has signed it */
export async function readToken(issuer: string, token: string) {
  const [head, payload, signature = ''] = token.split('.');
  const header = json(head) as { alg: string; typ: string; kid: string };
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as { keys: (JsonWebKey & { kid: string })[] };
  const key = keys.find(({ kid }) => kid === header.kid);
  if (!key) throw new Error(`the issuer has no key ${header.kid}`);
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const isValid = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${payload}`),
    publicKey,
    Buffer.from(signature, 'base64url'),
  );
  if (!isValid) throw new Error('the signature is wrong');
  return { header, claims: json(payload) as Claims };
}

/** Asks the token endpoint, as a program unless `form` names a client. */
export async function askForToken(
  issuer: string,
  form: Record<string, string>,
  { as, headers = {} }: { as?: keyof typeof PROGRAMS; headers?: Record<string, string> } = {},
) {
  const basic = as && Buffer.from(`${as}:${PROGRAMS[as].secret}`).toString('base64');
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { ...(basic ? { authorization: `Basic ${basic}` } : {}), ...headers },
    body: new URLSearchParams(form),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as TokenAnswer };
}
