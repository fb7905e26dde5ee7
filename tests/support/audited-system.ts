/** A system in a new stage of an emulator for each test, and its audit. */
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type NotificationRecord } from '@orderflow/domain/notifications/notification';
import { type OrderRecord } from '@orderflow/domain/orders/order';
import { audit, type AuditReport } from '@orderflow/orderctl/audit/audit';
import type { ConnectedSystem } from '@orderflow/orderctl/connect';
import { startEmulator } from './embedded-system.js';
import { type Emulator } from './emulator.js';
import { connectOperator } from './operator.js';

// Longer than a test, so that the audit always pauses before it looks again, and the test ends the pause.
const RECHECK_MS = 60_000;

export const found = ({ findings }: AuditReport) => findings.map(({ kind, id }) => [kind, id]);

export function useAuditedSystem() {
  let emulator: Emulator;
  let system: ConnectedSystem;
  let stages = 0;

  async function connect(env: Record<string, string> = {}): Promise<void> {
    const stage = `audit-${(stages += 1)}`;
    await emulator.deploy({ STAGE: stage, ...env });
    system = await connectOperator(emulator.url, stage);
  }

  beforeAll(async () => {
    emulator = await startEmulator();
  }, 120_000);

  afterAll(async () => {
    await emulator.dispose();
  });

  beforeEach(() => connect(), 30_000);

  afterEach(() => {
    system.aws.close();
  });

  return {
    get system() {
      return system;
    },
    /** Connects to another stage, deployed with these settings. */
    reconnect: async (env: Record<string, string>) => {
      system.aws.close();
      await connect(env);
    },
    put: async (...items: (OrderRecord | NotificationRecord)[]) => {
      const { ordersTable, notificationsTable } = system.names;
      for (const item of items) {
        const table = 'notificationId' in item ? notificationsTable : ordersTable;
        await system.aws.dynamo.send(new PutCommand({ TableName: table, Item: item }));
      }
    },
    sendTo: async (queue: string, ...bodies: object[]) => {
      for (const body of bodies) {
        const QueueUrl = await system.urlOf(queue);
        await system.aws.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }));
      }
    },
    run: (pause: () => Promise<void> = () => Promise.resolve()): Promise<AuditReport> =>
      audit(system, { now: Date.now, pause }, { recheckMs: RECHECK_MS }),
  };
}
