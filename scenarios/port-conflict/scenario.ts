import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lastingPort } from '../../tests/support/lasting-port.js';
import { canListen } from '../../tools/local/ports.mjs';
import type { Scenario } from '../scenario.js';
import { placeOrder, reach } from '../support/orders.js';
import type { Sandbox } from '../support/sandbox.js';

const UP = 'docker compose --progress quiet up --detach --wait';

/** Another program that listens on the port. */
async function occupy(sandbox: Sandbox, port: number): Promise<{ pid: number; end: () => Promise<void> }> {
  const program = `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('listening'))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill();
    await gone;
  };
  sandbox.onDispose(end);
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, end };
}

export const portConflict: Scenario = {
  name: 'port-conflict',
  summary: "another program uses the API's or LocalStack's port",
  lesson:
    'A port belongs to one program at a time, and the doctor names it. End that program, or use a variable to move ours.',
  readOn: 'docs/configuration.md#ports',
  runsEmbedded: true,

  async play(story, sandbox) {
    const onCompose = sandbox.mode === 'compose';
    story.act('Reproduce');
    const [apiPort, otherApiPort, localStackPort] = [await lastingPort(), await lastingPort(), await lastingPort()];
    const variables = { API_PORT: String(apiPort), LOCALSTACK_PORT: String(localStackPort) };
    const system = onCompose
      ? sandbox.project({ variables, overlays: ['scenarios/port-conflict/compose.yaml'] })
      : undefined;
    sandbox.setVariables({
      ...variables,
      ...{ ORDER_WORKER_PORT: '0', NOTIFICATION_WORKER_PORT: '0' },
      ORDERFLOW_LOCAL_DIR: await sandbox.folder(),
    });
    const onApiPort = await occupy(sandbox, apiPort);
    const onLocalStackPort = await occupy(sandbox, localStackPort);
    story.say(`Process ${onApiPort.pid} listens on ${apiPort}, the API's port (default 3000),`);
    story.say(`and process ${onLocalStackPort.pid} on ${localStackPort}, LocalStack's port (default 4566).`);
    if (system) await story.type('docker compose build --quiet');

    story.act('Symptom');
    const fails = async (command: string, port: number, pattern: RegExp): Promise<void> => {
      const { code, output } = await story.type(command);
      story.check(
        `it fails and names port ${port}`,
        code !== 0 && pattern.test(output) && output.includes(String(port)),
      );
    };
    if (system) await fails(UP, localStackPort, /address already in use|port is already allocated/);
    await fails('npm run --silent local', localStackPort, /is taken by process/);
    await fails('LOCALSTACK_PORT=0 npm run --silent local', apiPort, /is taken by process/);

    story.act('Diagnosis');
    story.say('Compose does not name the program; npm run local and the doctor do:');
    const { output } = await story.type("npm run --silent doctor | grep -v '✓'");
    for (const { pid } of [onApiPort, onLocalStackPort]) {
      story.check(`it names process ${pid}`, output.includes(String(pid)), output);
    }

    story.act('Fix and verify');
    await story.fix(`The first way: process ${onLocalStackPort.pid} ends and frees the port.`, onLocalStackPort.end);
    story.check(`port ${localStackPort} is free`, await canListen(localStackPort));
    if (system) {
      story.say("Now only the API's port is taken:");
      await fails(UP, apiPort, /address already in use|port is already allocated/);
    }
    await story.fix('The second way: the API moves.', () => {
      sandbox.setVariables({ API_PORT: String(otherApiPort) });
      return Promise.resolve();
    });
    if (system) {
      await story.type(UP);
      await reach({ story, system }, [await placeOrder(system)], 'COMPLETED');
      await story.type('docker compose --progress quiet down --timeout 5');
    }
    const started = await story.type('npm run --silent local -- --detach');
    sandbox.onDispose(() => story.type('npm run --silent local:stop'));
    story.check('npm run local starts', started.code === 0, started.output);
    const demo = await story.type(`npm run --silent demo`);
    story.check('an order goes through it', demo.code === 0, demo.output);
  },
};
