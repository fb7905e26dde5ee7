/** `npm run token`: an access token for curl, of the issuer that the API names. */
import { fileURLToPath } from 'node:url';
import { createTokenSource } from './local/access-token.mjs';
import { LocalError, printProblem } from './local/fail.mjs';
import { findApi } from './local/find-api.mjs';
import { readArguments } from './usage.mjs';

readArguments(
  `npm run token   (for the API that runs here, or at API_URL)

curl -H "authorization: Bearer $(npm run token --silent)" http://127.0.0.1:3000/api/orders

OIDC_CLIENT_ID and OIDC_CLIENT_SECRET name the client, if not the operator of the laptop's provider. OIDC_SCOPE names the
scopes, if not all of the API.`,
  { options: {} },
);

try {
  const api = await findApi(fileURLToPath(new URL('..', import.meta.url)));
  const { authorization } = await createTokenSource(api).headers();
  if (authorization === undefined) {
    throw new LocalError(
      `The API at ${api} asks for no token.`,
      'leave the header out, or start the API with AUTH_MODE=jwt.',
    );
  }
  process.stdout.write(`${authorization.replace(/^Bearer /, '')}\n`);
} catch (error) {
  printProblem(error);
  process.exitCode = 1;
}
