import type { Scenario } from '../scenario.js';
import { checkAppliedOnce, placeOrder, reach, showOrder } from '../support/orders.js';

/** Long enough to kill the worker during the work. */
const FULFILMENT_DELAY_MS = '3000';
const RESTARTS =
  "docker inspect --format '{{.RestartCount}} restarts, {{.State.Status}}, exit code {{.State.ExitCode}}'";
const INSPECT = `${RESTARTS} $(docker compose ps --all --quiet order-worker)`;

export const crashedWorker: Scenario = {
  name: 'crashed-worker',
  summary: 'a worker is killed while it processes an order; another crashes at every start',
  lesson:
    'A worker deletes a message only after its work is done, so a crash loses nothing. The message is redelivered, and the claim on the order prevents a second outcome.',
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
      story.say('No action is needed. After the visibility timeout the message is redelivered:');
      await reach(place, [healed], 'COMPLETED');
      await checkAppliedOnce(place, [healed]);
    }
    const stranded = await placeOrder(system);
    await reach(place, [stranded], 'PROCESSING');
    story.say(
      onCompose ? 'The next worker is killed by hand, which disables the restart policy:' : 'The worker is killed:',
    );
    await system.kill('order-worker');

    story.act('Symptom');
    await showOrder(place, stranded, 'PROCESSING');
    if (onCompose) {
      const { output } = await story.type(INSPECT);
      story.check('the container stays down', output.includes('exited, exit code 137'), output);
    }

    story.act('Diagnosis');
    story.say('The timeline of the order ends with a worker that received and claimed it.');
    story.say('Its marker is still set, so the sweeper will look at it:');
    const { output: told } = await story.type(`npm run --silent ops -- order ${stranded}`);
    const begun = told.includes(' received ') && !/ (completed|failed|retried) /.test(told);
    story.check('it was received, and neither finished nor retried', begun, told);
    story.check('its marker is due', told.includes('marker due at'), told);
    story.say('Its message is still in the queue and is redelivered after the visibility timeout:');
    const audit = await story.type('npm run --silent audit');
    story.check('the order is in progress, and none is lost', audit.code === 0, audit.output);

    story.act('Fix and verify');
    await story.fix('The worker is started again:', () => system.start('order-worker'));
    await reach(place, [stranded], 'COMPLETED');
    await checkAppliedOnce(place, [stranded]);
    story.say('Its log line has attempt=2: it was received a second time.');
    const { output: line } = await story.type(system.logs('order-worker', stranded));
    story.check('the second attempt finished it', line.includes('attempt=2'), line);
    if (onCompose) await crashLoop();

    async function crashLoop(): Promise<void> {
      story.say('');
      story.say('A worker with a wrong configuration exits at every start:');
      await story.type('HANDLER_TIMEOUT_MS=soon docker compose --progress quiet up --detach --no-deps order-worker');
      await story.typeUntil(INSPECT, 'Docker restarts it repeatedly', /^([2-9]|\d\d+) restarts/);
      const { output } = await story.type(system.logs('order-worker', 'HANDLER_TIMEOUT_MS'));
      story.check(
        'its log names the variable and its valid values',
        output.includes('HANDLER_TIMEOUT_MS must be'),
        output,
      );
      await story.fix('With the variable corrected it runs:', () => system.start('order-worker'));
    }
  },
};
