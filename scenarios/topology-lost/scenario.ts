import type { Scenario } from '../scenario.js';
import { checkAppliedOnce, placeOrder, reach } from '../support/orders.js';

const AWSLOCAL = 'docker compose exec --no-TTY localstack awslocal';
const HOOK = 'docker compose exec --no-TTY localstack .venv/bin/python /etc/localstack/init/ready.d/10-deploy.py';
const HOOK_EMBEDDED =
  'TEMPLATE=infrastructure/template.yaml EMULATOR_URL=$AWS_ENDPOINT_URL .local/ministack/bin/python localstack-init/ready.d/10-deploy.py';
/** The guard checks the key, not the signature. */
const DELETE_STACK =
  'curl --silent --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" --aws-sigv4 aws:amz:us-east-1:cloudformation ' +
  "--data 'Action=DeleteStack&StackName=orderflow-local&Version=2010-05-15' $AWS_ENDPOINT_URL/";

export const topologyLost: Scenario = {
  name: 'topology-lost',
  summary: 'LocalStack is restarted or its stack is deleted: tables, queues, bus and orders are gone',
  lesson:
    'An emulator keeps everything in memory. The services pause while queues and tables are missing and resume when they are back, but stored data is gone.',
  readOn: 'docs/reliability.md#the-breaker',
  runsEmbedded: true,

  async play(story, sandbox) {
    const onCompose = sandbox.mode === 'compose';
    story.act('Reproduce');
    const system = await sandbox.start();
    const place = { story, system };
    const before = await placeOrder(system);
    await reach(place, [before], 'COMPLETED');
    if (onCompose) {
      await story.type('docker compose restart localstack');
      story.say('Its hook deploys the template again, and the services resume:');
      const healed = await placeOrder(system);
      await reach(place, [healed], 'COMPLETED', 60_000);
      const { output } = await story.type(await system.curl(`/api/orders/${before}`));
      story.check('the API does not find the lost order', output.includes('ORDER_NOT_FOUND'), output);
      story.say('Now the topology is deleted while LocalStack stays up, so no hook runs:');
      await story.type(`${AWSLOCAL} cloudformation delete-stack --stack-name orderflow-${system.stage}`);
    } else {
      await story.type(DELETE_STACK);
    }

    story.act('Symptom');
    await story.typeUntil(await system.curl(`/api/orders/${before}`), 'the API cannot answer', /"status":503/);
    await story.typeUntil(
      system.logs('order-worker', 'paused|resumed'),
      'the worker logs what is missing',
      /topology missing[^\n]*\n*$/,
    );

    story.act('Diagnosis');
    await story.typeUntil(
      `curl --silent ${await system.apiUrl()}/health/ready`,
      'the API reports what is missing',
      /"status":"error"/,
    );
    const doctor = await story.type("npm run --silent doctor | grep -v '✓'");
    story.check('the doctor reports the missing stack', doctor.output.includes('is not deployed'), doctor.output);

    story.act('Fix and verify');
    await story.fix('The hook is run by hand:', () => story.type(onCompose ? HOOK : HOOK_EMBEDDED));
    story.say('No service is restarted:');
    const after = await story.eventually(() => placeOrder(system), 'orders are accepted again');
    await reach(place, [after], 'COMPLETED');
    await checkAppliedOnce(place, [after]);
    await story.type(system.logs('order-worker', 'paused|resumed'));
  },
};
