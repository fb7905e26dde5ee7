import { once } from 'node:events';
import { createIdentityServer } from '../../../tools/identity-provider/serve.mjs';
import { readSettings } from '../../../tools/identity-provider/settings.mjs';
import { freePort } from '../../../tools/local/ports.mjs';

/** The laptop's provider inside this process, on a free port. */
export async function startProvider(env: Record<string, string> = {}) {
  const settings = readSettings({ PORT: String(await freePort()), ...env });
  const said: string[] = [];
  const server = createIdentityServer(settings, (line) => said.push(line));
  server.listen(settings.port, settings.host);
  await once(server, 'listening');
  return {
    ...settings,
    /** Lines of its log. */
    said,
    dispose: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
