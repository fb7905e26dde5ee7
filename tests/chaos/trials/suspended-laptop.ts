import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { eventually } from '@orderflow/testing/eventually';
import { isAlive, type Known } from '../../../tools/local/identity.mjs';
import { freePort } from '../../../tools/local/ports.mjs';
import { orderOfRequest } from '../support/load.js';
import { countIs, type Trial } from '../trial.js';
import { createTokenSource } from '../../../tools/local/access-token.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SUSPENDED_MS = { ci: 9_000, full: 150_000 };
/** Much shorter than the suspension, as far as the configuration rules allow. */
const SHORT = { SQS_WAIT_TIME_SECONDS: '1', POLLER_WEDGED_AFTER_MS: '4100', HANDLER_TIMEOUT_MS: '2800' };
const CI_ENV = { ...SHORT, AWS_REQUEST_TIMEOUT_MS: '1000', VISIBILITY_TIMEOUT_SECONDS: '3' };
/** The watchdog checks every 5 s and needs two checks. */
const TWO_LOOKS_MS = 11_000;
const READY_WITHIN_MS = 120_000;

type Run = { parent: Known; children: Known[]; urls: Record<string, string> };

/** `npm run local` with separate ports and folder. */
async function startLocal(folder: string, env: Record<string, string>) {
  const names = ['LOCALSTACK_PORT', 'API_PORT', 'ORDER_WORKER_PORT', 'NOTIFICATION_WORKER_PORT'];
  const ports = await Promise.all(names.map(async (name) => [name, String(await freePort())] as const));
  const own = { ...Object.fromEntries(ports), ...env, ORDERFLOW_LOCAL_DIR: folder };
  const stdio: ['ignore', 'pipe', 'inherit'] = ['ignore', 'pipe', 'inherit'];
  const local = spawn(process.execPath, ['tools/local.mjs'], { cwd: ROOT, env: { ...process.env, ...own }, stdio });
  const said = text(local.stdout);
  const ended = new Promise<number>((resolve) =>
    local.once('close', (code) => {
      resolve(code ?? 1);
    }),
  );
  const read = async (): Promise<Run | undefined> => {
    if (local.exitCode !== null) throw new Error(`npm run local has ended:\n${await said}`);
    const run = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as Run;
    return run.urls.API === undefined ? undefined : run;
  };
  return {
    run: await eventually(read, 'npm run local ready', READY_WITHIN_MS),
    isRunning: () => local.exitCode === null,
    stop: async () => {
      local.kill('SIGTERM');
      await ended;
      return said;
    },
  };
}

/** Places an order and waits for its end. @returns its last status */
async function placeAndFollow(api: string, index: number): Promise<string> {
  const tokens = createTokenSource(new URL(api).origin, {});
  const headers = { 'content-type': 'application/json', ...(await tokens.headers()) };
  const body = JSON.stringify(orderOfRequest(index));
  const { orderId } = (await (await fetch(api, { method: 'POST', headers, body })).json()) as { orderId: string };
  return eventually(async () => {
    const answer = await fetch(`${api}/${orderId}`, { headers: await tokens.headers() });
    const { status } = (await answer.json()) as { status: string };
    return status === 'COMPLETED' || status === 'FAILED' ? status : undefined;
  }, `order ${orderId} ended`);
}

/** Suspends and resumes a laptop with `npm run local`. */
export const suspendedLaptop: Trial = {
  name: 'suspended-laptop',
  fault: 'SIGSTOP of npm run local with all its processes, then SIGCONT',
  run: async ({ size, say }) => {
    const folder = await mkdtemp(join(tmpdir(), 'orderflow-local-'));
    try {
      const local = await startLocal(folder, size === 'ci' ? CI_ENV : {});
      try {
        const { parent, children, urls } = local.run;
        const api = urls.API ?? '';
        const before = await placeAndFollow(api, 1);
        const all = [parent, ...children];
        say(`${all.length} processes are suspended for ${SUSPENDED_MS[size] / 1_000} s`);
        for (const { pid } of all) process.kill(pid, 'SIGSTOP');
        await pause(SUSPENDED_MS[size]);
        for (const { pid } of all) process.kill(pid, 'SIGCONT');
        await pause(TWO_LOOKS_MS);
        const gone = all.filter((one) => !isAlive(one)).map(({ name }) => name);
        const after = gone.length === 0 ? await placeAndFollow(api, 2) : 'not placed';
        return [
          {
            id: 'I11',
            must: 'processes that ended by themselves: 0',
            saw: gone.join(', ') || '0',
            holds: gone.length === 0,
          },
          countIs(
            'I11',
            'orders completed, before and after',
            2,
            [before, after].filter((s) => s === 'COMPLETED').length,
          ),
        ];
      } finally {
        await local.stop();
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
