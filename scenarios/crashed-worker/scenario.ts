import type { Scenario } from '../scenario.js';
import { checkAppliedOnce, placeOrder, reach, showOrder } from '../support/orders.js';

/** Long enough to be killed in. */
const FULFILMENT_DELAY_MS = '3000';
const RESTARTS =
  "docker inspect --format '{{.RestartCount}} restarts, {{.State.Status}}, exit code {{.State.ExitCode}}'";
const INSPECT = `${RESTARTS} $(docker compose ps --all --quiet order-worker)`;

export const crashedWorker: Scenario = {
  name: 'crashed-worker',
  summary: 'a worker is killed in the middle of an order; another dies at each start',
  lesson:
    'A message is deleted only when its work is done, so a worker that dies loses nothing: the message comes back, and the claim on the order keeps its outcome from being written twice.',
  readOn: 'docs/reliability.md#the-message-is-acknowledged-last',
  runsEmbedded: true,

  async play(story, sandbox) {
    const onCompose = sandbox.mode === 'compose';
    story.act('Reproduce');
    const system = await sandbox.start({
      variables: { FULFILMENT_DELAY_MS },
      overlays: ['scenarios/crashed-worker/compose.yaml'],
    });
    const place = { story, system };

    if (onCompose) {
      const healed = await placeOrder(system);
      await reach(place, [healed], 'PROCESSING');
      story.say('The process dies inside its container, as it would when memory runs out:');
      await story.type("docker compose exec --no-TTY order-worker sh -c 'kill -KILL $(pidof node)'");
      await story.typeUntil(INSPECT, 'Docker has started the container again', /^1 restarts, running/);
      story.say('Nobody has to do anything. After the visibility timeout the message comes back:');
      await reach(place, [healed], 'COMPLETED');
      await checkAppliedOnce(place, [healed]);
    }
    const stranded = await placeOrder(system);
    await reach(place, [stranded], 'PROCESSING');
    story.say(
      onCompose ? 'The next one is killed by hand, which switches the restart policy off:' : 'The worker is killed:',
    );
    await system.kill('order-worker');

    story.act('Symptom');
    await showOrder(place, stranded, 'PROCESSING');
    if (onCompose) {
      const { output } = await story.type(INSPECT);
      story.check('the container stays down', output.includes('exited, exit code 137'), output);
    }

    story.act('Diagnosis');
    story.say(
      'The order tells what happened to it last: a worker received and claimed it, and nothing came after that.',
    );
    story.say('Its marker is there, so it is not forgotten:');
    const { output: told } = await story.type(`npm run --silent ops -- order ${stranded}`);
    const begun = told.includes(' received ') && !/ (completed|failed|retried) /.test(told);
    story.check('it was received, and neither finished nor given back', begun, told);
    story.check('its marker is due', told.includes('marker due at'), told);
    story.say('Its message is in the queue still, and comes back when the visibility timeout has passed:');
    const audit = await story.type('npm run --silent audit');
    story.check('the order is in progress, and none is lost', audit.code === 0, audit.output);

    story.act('Fix and verify');
    await story.fix('The worker is started again:', () => system.start('order-worker'));
    await reach(place, [stranded], 'COMPLETED');
    await checkAppliedOnce(place, [stranded]);
    story.say('Its line in the log has attempt=2: it was received once more.');
    const { output: line } = await story.type(system.logs('order-worker', stranded));
    story.check('the second attempt finished it', line.includes('attempt=2'), line);
    if (onCompose) await crashLoop();

    async function crashLoop(): Promise<void> {
      story.say('');
      story.say('A worker whose configuration is wrong dies at each start:');
      await story.type('HANDLER_TIMEOUT_MS=soon docker compose --progress quiet up --detach --no-deps order-worker');
      await story.typeUntil(INSPECT, 'Docker starts it again and again', /^([2-9]|\d\d+) restarts/);
      const { output } = await story.type(system.logs('order-worker', 'HANDLER_TIMEOUT_MS'));
      story.check(
        'its log names the variable and what it must be',
        output.includes('HANDLER_TIMEOUT_MS must be'),
        output,
      );
      await story.fix('With the variable mended it runs:', () => system.start('order-worker'));
    }
  },
};
