/** The steps of `npm run aws:rehearsal`. Each prints its outcome. */
import { readFileSync } from 'node:fs';
import { AUDIENCE } from '../identity-provider/registered.mjs';
import { ask, request } from '../local/ask.mjs';
import { forDocker, ofTheMachine, sdkVariables } from '../local/environment.mjs';
import { deployTopology, SERVICE_NAMES } from '../local/embedded.mjs';
import { LocalError } from '../local/fail.mjs';
import { issuerAt, startProvider } from '../local/identity-provider.mjs';
import { poll } from '../local/patience.mjs';
import { freePort } from '../local/ports.mjs';
import { build, checkNode, installDependencies, installPython } from '../local/requirements.mjs';
import { runToEnd } from '../local/run-to-end.mjs';
import { createStep } from '../local/steps.mjs';
import { connectAws } from './aws.mjs';
import { auditAll, placeOne, underLoad } from './orders.mjs';
import { docker, findBridge, HOST_NAME, startEmulator, untilTasksHealthy } from './place.mjs';
import { startRelay } from './relay.mjs';
import { forEmulator, stopSeconds } from './template.mjs';

const BUILT_WITHIN_MS = 1_200_000;
const ANSWERS_WITHIN_MS = 60_000;
const DRAINED = '"drained"';

/** @param {import('./place.mjs').Place} place @param {string} service */
async function buildImage({ root, image, signal }, service) {
  const file = service === 'api-gateway' ? 'Dockerfile.api' : 'Dockerfile.worker';
  const args = ['build', '--file', file, '--build-arg', `SERVICE=${service}`, '--tag', image(service, '1'), '.'];
  const { status, stderr } = await runToEnd('docker', args, {
    cwd: root,
    env: forDocker(process.env),
    signal,
    withinMs: BUILT_WITHIN_MS,
  });
  if (status !== 0)
    throw new LocalError(`${service} has no image:\n${stderr.slice(-2_000)}`, `docker ${args.join(' ')}`);
}

/** Parameters of the services stack, with images of one version. @param {import('./place.mjs').Place} place @param {string} version @param {number} providerPort */
const parametersOf = ({ stage, image }, version, providerPort) => ({
  ...{ Stage: stage, HostName: HOST_NAME, Vpc: 'vpc-00000001', OidcAudience: AUDIENCE },
  ...{ LoadBalancerSubnets: 'subnet-00000001,subnet-00000002', ServiceSubnets: 'subnet-00000003,subnet-00000004' },
  CertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000',
  CpuArchitecture: process.arch === 'arm64' ? 'ARM64' : 'X86_64',
  ...{ OidcIssuer: issuerAt(providerPort), OidcJwksUrl: `http://host.docker.internal:${providerPort}/jwks` },
  ...{ ApiGatewayImage: image('api-gateway', version), OrderWorkerImage: image('order-worker', version) },
  NotificationWorkerImage: image('notification-worker', version),
});

/**
 * The URL of a relay on this machine that forwards to the load balancer, with its host name and port.
 * @param {import('./place.mjs').Place} place @param {string} emulator @param {string} loadBalancer its name
 */
async function reachLoadBalancer(place, emulator, loadBalancer) {
  const port = await freePort();
  const at = (/** @type {string | undefined} */ path) => `${emulator}/_alb/${loadBalancer}${path}`;
  const { close } = await startRelay({ host: '127.0.0.1', port }, ({ url }) => ({
    url: at(url),
    host: `${HOST_NAME}:443`,
  }));
  place.atEnd(close);
  const answer = await request(at('/api/orders'), { headers: { host: `${HOST_NAME}:80` } });
  if (answer?.status !== 301) throw new LocalError(`Port 80 answers ${answer?.status}, not 301.`, 'see HttpListener.');
  const api = `http://127.0.0.1:${port}`;
  const ready = async () => (await request(`${api}/api/orders`))?.status === 401;
  if (!(await poll(ready, ANSWERS_WITHIN_MS, { signal: place.signal }))) {
    const last = await request(`${api}/api/orders`);
    throw new LocalError(`The API does not ask for a token: ${last?.status} ${last?.body}`, 'see the logs above.');
  }
  return api;
}

/**
 * The logs of a service's stopped tasks.
 * @param {import('./place.mjs').Place} place @param {import('./aws.mjs').Aws} aws @param {string} service
 */
async function stoppedTasks({ stage }, aws, service) {
  const running = await aws.runningTasks(`${stage}-orderflow`, service);
  const logs = await aws.logs(`/orderflow/${stage}/${service}`);
  return Object.entries(logs)
    .filter(([stream]) => !running.some((task) => stream.endsWith(task)))
    .map(([task, lines]) => ({ task, lines }));
}

/** @param {import('./place.mjs').Place} place */
export async function rehearse(place) {
  const { root, signal, credentials, stage } = place;
  const step = createStep(signal);
  const cluster = `${stage}-orderflow`;
  const read = (/** @type {string} */ file) => readFileSync(`${root}infrastructure/${file}`, 'utf8');
  /** @param {string[]} services */
  const untilSteady = async (services) => {
    const found = await aws.untilSteady(cluster, services);
    await untilTasksHealthy(place);
    return found;
  };

  const address = await step('Docker', findBridge);
  await step('Node.js', checkNode);
  await step('dependencies', () => installDependencies(root, { signal }));
  const environment = { name: 'rehearsal', requirements: 'tools/rehearsal/requirements.txt', what: 'The rehearsal' };
  const { python } = await step('emulator installed', () => installPython(root, environment, { signal }));
  await step('orderctl compiled', () => build(root, ['tools/orderctl'], { signal }));
  place.atEnd(async () => {
    // By name: an image of your own Compose project can have the same id.
    const names = ['--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=127.0.0.1:1/${stage}/*`];
    const images = (await docker(['images', ...names])).split('\n').filter(Boolean);
    if (images.length > 0) await docker(['rmi', ...images]);
  });
  for (const service of SERVICE_NAMES) await step(`image of ${service}`, () => buildImage(place, service));

  const providerPort = await freePort();
  await step('OpenID provider', async () => {
    const provider = await startProvider(place, providerPort, {});
    place.atEnd(() => provider.stop());
    // Containers can read only its public keys.
    const keys = await startRelay({ host: address, port: providerPort }, ({ url, method }) =>
      method === 'GET' && url === '/jwks' ? { url: `http://127.0.0.1:${providerPort}/jwks` } : undefined,
    );
    place.atEnd(keys.close);
  });
  const emulator = await step('MiniStack', async () =>
    startEmulator(place, { python, address, port: await freePort(), stopSeconds: stopSeconds(read('services.yaml')) }),
  );
  const aws = connectAws(emulator, credentials, signal);
  place.atEnd(aws.close);

  // Uses the deploy script of `npm run local`, because MiniStack's CloudFormation ignores time to live and the script
  // sets it.
  await step('stack of template.yaml', async () => {
    await deployTopology(root, { python, emulatorUrl: emulator, credentials, env: { STAGE: stage }, signal });
  });
  const services = forEmulator(read('services.yaml'), credentials);
  const deployServices = (/** @type {string} */ version) =>
    aws.deploy(`orderflow-${stage}-services`, services, parametersOf(place, version, providerPort));
  const outputs = await step('stack of services.yaml', () => deployServices('1'));
  await step('tasks run:', () => untilSteady(SERVICE_NAMES));
  const [, loadBalancer = ''] = outputs['LoadBalancerFullName']?.split('/') ?? [];
  const api = await step('load balancer', () => reachLoadBalancer(place, emulator, loadBalancer));
  await step('first order:', () => placeOne(place, api));

  const scale = async (/** @type {number} */ count) => {
    await aws.scale(cluster, 'order-worker', count);
    return untilSteady(['order-worker']);
  };
  const sent = await underLoad(place, api, async () => {
    await step('under load, scaled out:', () => scale(3));
    await step('under load, new images', async () => {
      for (const service of SERVICE_NAMES)
        await docker(['tag', place.image(service, '1'), place.image(service, '2')], signal);
      await deployServices('2');
    });
    await step('under load, rolled over:', () => untilSteady(SERVICE_NAMES));
    await step('under load, scaled in:', () => scale(1));
  });
  await step(`orders sent: ${sent.accepted} accepted, ${sent.retried} sent again`, () => undefined);
  await step('drained:', async () => {
    const stopped = (await Promise.all(SERVICE_NAMES.map((service) => stoppedTasks(place, aws, service)))).flat();
    const cut = stopped.filter(({ lines }) => !lines.some((line) => line.includes(DRAINED)));
    if (cut.length > 0) {
      const ends = cut.map(({ task, lines }) => `${task}:\n${lines.slice(-4).join('\n')}`);
      throw new LocalError(`${cut.length} of ${stopped.length} tasks did not drain:\n${ends.join('\n')}`, 'see above.');
    }
    return `${stopped.length} of ${stopped.length} tasks that were stopped`;
  });
  await step('audit:', () => auditAll(place, emulator, sent.accepted + 1));
  await step('doctor --aws', async () => {
    const env = { ...ofTheMachine(process.env), ...sdkVariables(emulator, credentials), AWS_ENDPOINT_URL: '' };
    const args = [`${root}tools/doctor.mjs`, '--aws', '--endpoint', emulator, '--stage', stage];
    const { status, stdout, reason } = await ask(process.execPath, args, { env, withinMs: 60_000 });
    if (status !== 'ok') throw new LocalError(`doctor --aws finds faults:\n${stdout || reason}`, 'see above.');
  });
}
