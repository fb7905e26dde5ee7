import { randomUUID } from 'node:crypto';
import { authVariables, composeSystem } from '../../tests/support/compose-system.js';
import { accessTo } from './access.js';
import type { BreakableSystem, SystemOptions } from './breakable-system.js';
import { StoryBroken, type Story } from './story.js';

const PROJECT_PREFIX = 'orderflow-scenario-';

/** A separate Compose project, not yet started, with readable logs. */
export function composeBreakable(
  story: Story,
  { variables = {}, overlays = [], auth }: SystemOptions = {},
): BreakableSystem {
  const system = composeSystem({
    project: `${PROJECT_PREFIX}${randomUUID().slice(0, 8)}`,
    variables: { LOG_FORMAT: 'pretty', ...variables },
    overlays,
  });

  const access = accessTo(system, { auth });
  // Before the first command.
  const prepared = auth ? authVariables().then((found) => Object.assign(system.environment, found)) : undefined;

  async function must(command: string): Promise<void> {
    const { code } = await story.type(command);
    if (code !== 0) throw new StoryBroken(`exit code ${code} of: ${command}`);
  }

  return {
    ...access,
    environment: async () => ({
      ...(await prepared),
      ...system.environment,
      // Missing while LocalStack is down, and different after each start.
      AWS_ENDPOINT_URL: await system.awsEndpoint().catch(() => ''),
    }),
    logs: (service, pattern) => `docker compose logs --no-log-prefix ${service} | grep -E '${pattern}'`,
    kill: (service) => must(`docker compose kill ${service}`),
    stop: (service) => must(`docker compose stop ${service}`),
    start: async (service) => {
      if (!service) await must('docker compose build --quiet');
      await must(`docker compose --progress quiet up --detach --wait${service ? ` --no-deps ${service}` : ''}`);
    },
    reconfigure: async (service, changed) => {
      Object.assign(system.environment, changed);
      const settings = Object.entries(changed).map(([name, value]) => `${name}=${value} `);
      await must(`${settings.join('')}docker compose --progress quiet up --detach --wait --no-deps ${service}`);
    },
    howToGoOn: async () => [
      ...Object.entries(system.environment).map(([name, value]) => `export ${name}='${value}'`),
      `docker compose ps; ${await access.curl('/api/orders').catch(() => 'docker compose logs')}`,
      'docker compose down --volumes --rmi local   # ends it',
    ],
  };
}
