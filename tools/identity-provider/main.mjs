/** The laptop's OpenID provider as a process. It keeps everything in memory. */
import { PEOPLE, PROGRAMS } from './registered.mjs';
import { createIdentityServer } from './serve.mjs';
import { readSettings } from './settings.mjs';

/** @param {string} line */
const say = (line) => void process.stdout.write(`${line}\n`);

/** @param {string} problem @returns {never} */
function fail(problem) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

function settingsOrFail() {
  try {
    return readSettings(process.env);
  } catch (error) {
    return fail(/** @type {Error} */ (error).message);
  }
}

const settings = settingsOrFail();
const { host, port, issuer } = settings;
const server = createIdentityServer(settings, say);
server.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  const isTaken = error.code === 'EADDRINUSE';
  fail(isTaken ? `Port ${port} is taken. Set another one with IDENTITY_PORT.` : `Cannot listen: ${error.message}`);
});
server.listen(port, host, () => {
  say(`${issuer} answers, without passwords, for trying Orderflow on this machine only`);
  say(`people: ${Object.keys(PEOPLE).join(', ')}; programs: ${Object.keys(PROGRAMS).join(', ')}`);
});
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    // Nothing here takes long.
    server.closeAllConnections();
  });
}
