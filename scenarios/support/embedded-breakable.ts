import { startEmbeddedSystem } from '../../tests/support/embedded-system.js';
import { CREDENTIALS } from '../../tests/support/credentials.js';
import { SERVICE_NAMES, type Service } from '../../tools/local/embedded.mjs';
import { sdkVariables, toolVariables } from '../../tools/local/environment.mjs';
import { accessTo } from './access.js';
import type { BreakableSystem, SystemOptions } from './breakable-system.js';
import type { Story } from './story.js';

/** The system as healthy processes of this machine, with readable logs. */
export async function startEmbeddedBreakable(
  story: Story,
  { variables = {}, auth }: SystemOptions = {},
): Promise<BreakableSystem> {
  const changed: Partial<Record<Service, Record<string, string>>> = {};
  const system = await startEmbeddedSystem({
    auth,
    env: { LOG_FORMAT: 'pretty', ...variables },
    envOfProcess: ({ service }) => changed[service] ?? {},
  });
  const instanceOf = (service: Service) => {
    const [instance] = system.instances(service);
    if (!instance) throw new Error(`there is no ${service}`);
    return instance;
  };

  async function stop(service: Service): Promise<void> {
    const pid = instanceOf(service).pid() ?? 0;
    const [code] = await system.stop(service);
    story.say(`${service}, process ${pid}, got SIGTERM and ended with exit code ${code ?? 0}.`);
  }
  async function start(...services: Service[]): Promise<void> {
    await system.start(...services);
    for (const service of services) story.say(`${service} runs as process ${instanceOf(service).pid() ?? 0}.`);
  }

  const access = accessTo(system, { auth });
  const environment = async () => ({
    ...sdkVariables(await system.awsEndpoint(), CREDENTIALS),
    ...toolVariables(CREDENTIALS),
    API_URL: await system.apiUrl(),
  });

  return {
    ...access,
    environment,
    logs: (service, pattern) => `grep -E '${pattern}' ${instanceOf(service as Service).logFile}`,
    kill: async (service) => {
      await story.type(`kill -KILL ${instanceOf(service).pid() ?? 0}`);
      await system.kill(service);
    },
    stop,
    start: (service) => start(...(service ? [service] : SERVICE_NAMES)),
    reconfigure: async (service, variablesOfService) => {
      changed[service] = { ...changed[service], ...variablesOfService };
      story.say(`${service} is restarted with ${JSON.stringify(variablesOfService)}.`);
      await stop(service);
      await start(service);
    },
    howToGoOn: async () => [
      ...Object.entries(await environment()).map(([name, value]) => `export ${name}='${value}'`),
      await access.curl('/api/orders'),
      ...SERVICE_NAMES.map((service) => `tail -f ${instanceOf(service).logFile}`),
      'press Ctrl-C here to end it',
    ],
  };
}
