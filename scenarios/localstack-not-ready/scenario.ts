import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../scenario.js';
import { placeOrder, reach } from '../support/orders.js';
import type { Sandbox } from '../support/sandbox.js';

const HOOKS = fileURLToPath(new URL('../../localstack-init', import.meta.url));
const UP = 'docker compose --progress quiet up --detach --wait';
const HEALTH =
  "docker inspect --format '{{range .State.Health.Log}}{{.Output}}{{end}}' $(docker compose ps --all --quiet localstack) | grep . | tail -n 1";
/** LocalStack's start_period: enough time to start, and only enough time to fail. */
const [PATIENCE, LITTLE_PATIENCE] = ['60s', '15s'];

async function copyOfHooks(sandbox: Sandbox): Promise<string> {
  const folder = join(await sandbox.folder(), 'localstack-init');
  await cp(HOOKS, folder, { recursive: true });
  return folder;
}

export const localstackNotReady: Scenario = {
  name: 'localstack-not-ready',
  summary: 'a hook is missing, fails, or is not executable: nothing starts',
  lesson:
    'LocalStack is ready only after its scripts have succeeded, so no service starts on half a topology. Its log and its health check show the reason.',
  readOn: 'docs/architecture.md#emulators',
  runsEmbedded: false,

  async play(story, sandbox) {
    const system = sandbox.project({ overlays: ['scenarios/localstack-not-ready/compose.yaml'] });
    const failsToStart = async (hooks: string): Promise<string> => {
      sandbox.setVariables({ HOOKS: hooks });
      const { code, output } = await story.type(UP);
      story.check('it fails, and no service runs', code !== 0 && !(await servicesRun()), output);
      return output;
    };
    const servicesRun = async (): Promise<boolean> => {
      const { output } = await story.type('docker compose ps --services --status running');
      return /gateway|worker/.test(output);
    };

    story.act('Reproduce');
    const nowhere = join(await sandbox.folder(), 'localstack-init');
    const failing = await copyOfHooks(sandbox);
    const hook = join(failing, 'ready.d/10-deploy.py');
    await writeFile(hook, (await readFile(hook, 'utf8')).replace('/template.yaml', '/tempalte.yaml'));
    const forbidden = await copyOfHooks(sandbox);
    const script = join(forbidden, 'ready.d/20-seed.sh');
    await writeFile(script, '#!/bin/sh\necho seeding\n', { mode: 0o644 });
    story.say(
      'Three folders replace localstack-init: one does not exist, one has a hook with a typing error, and one has',
    );
    story.say('an additional script, 20-seed.sh, without its executable bit.');
    sandbox.setVariables({ HOOKS: nowhere, START_PERIOD: PATIENCE });
    await story.type('docker compose build --quiet');

    story.act('Symptom');
    story.say('1. The folder is missing:');
    const refused = await failsToStart(nowhere);
    story.check('Compose names the folder', refused.includes(nowhere), refused);
    story.say('2. The hook fails and stops LocalStack:');
    const stopped = await failsToStart(failing);
    story.check('LocalStack has exited', stopped.includes('exited'), stopped);
    const { output: reason } = await story.type(system.logs('localstack', 'orderflow:'));
    story.check('the hook says why', reason.includes('tempalte.yaml'), reason);
    story.say('3. Another script fails:');
    // This LocalStack stays up, so the wait for it ends with the start period. The one before ended itself, however late.
    sandbox.setVariables({ START_PERIOD: LITTLE_PATIENCE });
    const unhealthy = await failsToStart(forbidden);
    story.check('LocalStack is unhealthy', unhealthy.includes('unhealthy'), unhealthy);

    story.act('Diagnosis');
    await story.typeUntil(HEALTH, 'the health check names the script', /"20-seed.sh", "state": "ERROR"/);
    await story.typeUntil(system.logs('localstack', 'ERROR'), 'the log shows its error', /Permission denied/);

    story.act('Fix and verify');
    sandbox.setVariables({ START_PERIOD: PATIENCE });
    await story.fix('The script gets its executable bit:', () => story.type(`chmod +x ${script}`));
    const { code, output } = await story.type(`${UP} --force-recreate`);
    story.check('the system starts', code === 0, output);
    await reach({ story, system }, [await placeOrder(system)], 'COMPLETED');
  },
};
