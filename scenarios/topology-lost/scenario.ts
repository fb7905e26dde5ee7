import { setTimeout } from 'node:timers/promises';
import type { Scenario } from '../scenario.js';
import { appliedOnce, placeOrder, reaches } from '../support/orders.js';

const AWSLOCAL = 'docker compose exec --no-TTY localstack awslocal';
const HOOK = 'docker compose exec --no-TTY localstack .venv/bin/python /etc/localstack/init/ready.d/10-deploy.py';
const HOOK_EMBEDDED =
  'TEMPLATE=infrastructure/template.yaml EMULATOR_URL=$AWS_ENDPOINT_URL .local/ministack/bin/python localstack-init/ready.d/10-deploy.py';

export const topologyLost: Scenario = {
  name: 'topology-lost',
  summary: 'LocalStack is restarted, or its stack deleted: tables, queues, bus and orders are gone',
  runsEmbedded: true,

  async play(story, sandbox) {
    const onCompose = sandbox.mode === 'compose';
    story.act('Reproduce');
    const system = await sandbox.start();
    const place = { story, system };
    const before = await placeOrder(system);
    await reaches(place, [before], 'COMPLETED');
    if (onCompose) {
      await story.type('docker compose restart localstack');
      story.say('Its hook deploys the template again, and the services go on by themselves:');
      const healed = await placeOrder(system);
      await reaches(place, [healed], 'COMPLETED', 60_000);
      const { output } = await story.type(`curl --silent ${await system.apiUrl()}/api/orders/${before}`);
      story.check('what LocalStack has forgotten, the API does not know', output.includes('ORDER_NOT_FOUND'), output);
      story.say('Now the topology goes while LocalStack stays up, so that no hook runs:');
      await story.type(`${AWSLOCAL} cloudformation delete-stack --stack-name orderflow-${system.stage}`);
    } else {
      await story.type('curl --silent --request POST $AWS_ENDPOINT_URL/_ministack/reset');
    }

    story.act('Symptom');
    await story.eventually('the API refuses orders', async () => {
      const response = await fetch(`${await system.apiUrl()}/api/orders/${before}`);
      return response.status === 503 ? true : undefined;
    });
    await story.type(`curl --silent ${await system.apiUrl()}/api/orders/${before}`);
    await story.eventually('the worker says what is missing', async () => {
      const { output } = await system.grepLogs('order-worker', 'paused|resumed');
      if (output.trimEnd().split('\n').at(-1)?.includes('topology missing')) return true;
      await setTimeout(1_000);
      return undefined;
    });

    story.act('Diagnosis');
    await story.eventually('the API says that it is not ready', async () => {
      const { status } = await fetch(`${await system.apiUrl()}/health/ready`);
      return status === 503 ? true : undefined;
    });
    await story.type(`curl --silent ${await system.apiUrl()}/health/ready`);
    const doctor = await story.type('npm run --silent doctor');
    story.check('the doctor misses the queue', doctor.output.includes('local-order-queue'), doctor.output);

    story.act('Fix and verify');
    await story.fix('The hook runs once more, by hand:', () => story.type(onCompose ? HOOK : HOOK_EMBEDDED));
    story.say('No service is restarted:');
    const after = await placeOrder(system);
    await reaches(place, [after], 'COMPLETED');
    await appliedOnce(place, [after]);
    await system.grepLogs('order-worker', 'paused|resumed');
  },
};
