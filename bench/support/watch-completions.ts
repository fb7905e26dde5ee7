/**
 * Observes when orders become COMPLETED, by reading all open items in a loop. The delay, about 5 ms, is the same for all
 * subjects. `updatedAt` is not precise enough: the worker sets it before the write, which may wait for a batch. A queue of
 * outcomes would add up to 100 ms of delivery by the emulator.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchSystem } from './bench-system.js';
import { epochMs, type Placed } from './load.js';

const PAUSE_MS = 4;
/** Limit of BatchGetItem. */
const MAX_KEYS = 100;
const WITHIN_MS = 60_000;

type Found = { Responses?: Record<string, { orderId: { S: string }; status: { S: string } }[]> };

/** Reads without the SDK, because the SDK would take CPU time from the services. */
function createReader({ emulator, names }: BenchSystem) {
  const { hostname, port } = new URL(emulator.url);
  const agent = new Agent({ keepAlive: true });
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.BatchGetItem',
    // Emulators check only the key and the scope, not the signature.
    authorization: `AWS4-HMAC-SHA256 Credential=${emulator.credentials.accessKeyId}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
  };
  const table = names.ordersTable;

  /** The ids of the COMPLETED ones. */
  const read = (orderIds: string[]): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const call = request({ hostname, port, method: 'POST', path: '/', headers, agent }, (answer) => {
        let text = '';
        answer.on('data', (part) => (text += String(part)));
        answer.on('error', reject);
        answer.on('end', () => {
          const { Responses: found } = JSON.parse(text) as Found;
          if (!found) reject(new Error(`BatchGetItem answered ${text}`));
          resolve(
            (found?.[table] ?? []).filter(({ status }) => status.S === 'COMPLETED').map(({ orderId }) => orderId.S),
          );
        });
      });
      call.on('error', reject);
      call.end(
        JSON.stringify({
          RequestItems: {
            [table]: {
              Keys: orderIds.map((id) => ({ orderId: { S: id } })),
              ProjectionExpression: 'orderId, #status',
              ExpressionAttributeNames: { '#status': 'status' },
              ConsistentRead: true,
            },
          },
        }),
      );
    });
  return {
    read,
    close: () => {
      agent.destroy();
    },
  };
}

export function watchCompletions(system: BenchSystem) {
  const reader = createReader(system);
  const open = new Map<string, number>();
  const latenciesMs: number[] = [];
  let stopped = false;

  async function watch(): Promise<void> {
    while (!stopped) {
      // Oldest first; the others follow when these are done.
      const ids = [...open.keys()].slice(0, MAX_KEYS);
      for (const id of ids.length > 0 ? await reader.read(ids) : []) {
        latenciesMs.push(epochMs() - (open.get(id) ?? NaN));
        open.delete(id);
      }
      await sleep(PAUSE_MS);
    }
  }
  const watching = watch();
  // Awaited in `finish`.
  watching.catch(() => undefined);

  return {
    add: ({ orderId, sentAt }: Placed): void => {
      open.set(orderId, sentAt);
    },
    /** Milliseconds from send to COMPLETED of each order. @throws if one is not completed in time */
    finish: async (): Promise<number[]> => {
      const deadline = performance.now() + WITHIN_MS;
      while (open.size > 0 && performance.now() < deadline) await Promise.race([sleep(20), watching]);
      stopped = true;
      await watching;
      reader.close();
      if (open.size > 0) throw new Error(`void: ${open.size} orders were not completed within ${WITHIN_MS / 1_000} s`);
      return latenciesMs;
    },
  };
}
