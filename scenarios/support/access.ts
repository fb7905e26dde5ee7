import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { createApiClient } from '../../tests/support/api-client.js';
import { connectOperator } from '../../tests/support/operator.js';
import type { System } from '../../tests/support/system.js';
import type { BreakableSystem } from './breakable-system.js';

type Access = Pick<BreakableSystem, 'stage' | 'apiUrl' | 'awsEndpoint' | 'api' | 'curl' | 'connect' | 'dispose'>;

const TOKEN_HEADER = '--header "authorization: Bearer $(npm run token --silent)" ';

/** Access to a running system. Addresses are looked up each time, because a restart changes them. */
export function accessTo(system: System, { auth = false }: { auth?: boolean | undefined } = {}): Access {
  const connections: ConnectedSystem[] = [];
  return {
    stage: system.stage,
    apiUrl: () => system.apiUrl(),
    awsEndpoint: () => system.awsEndpoint(),
    api: createApiClient(() => system.apiUrl()),
    curl: async (path) => `curl --silent ${auth ? TOKEN_HEADER : ''}${await system.apiUrl()}${path}`,
    connect: async () => {
      const operator = await connectOperator(await system.awsEndpoint(), system.stage);
      connections.push(operator);
      return operator;
    },
    dispose: async () => {
      for (const { aws } of connections) aws.close();
      await system.dispose();
    },
  };
}
