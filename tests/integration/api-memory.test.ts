import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { valueOf } from '@orderflow/testing/samples';
import { eventually } from '@orderflow/testing/eventually';
import type { StartedNetwork } from 'testcontainers';
import { createApiClient, orderFor } from '../support/api-client.js';
import { startFloodedApi, type FloodedApi } from '../support/api-memory/flooded-api.js';
import { startNetwork } from '../support/container-network.js';
import { buildImage, testFilesIn } from '../support/worker-container.js';

const MIB = 1_048_576;
/** The container's limit. Non-reclaimable memory reaches it only just before the kernel kills the process. */
const MEMORY_LIMIT = 250 * MIB;
const STREAMS = 1_000;
const SLOW_READERS = 200;
const READERS_PER_SECOND = 10;
const ROUNDS = 40;
/** Generous: only an API that has died or has run out of memory exceeds it. */
const ANSWERS_WITHIN_MS = 15_000;

describe('the API in 256 MB', () => {
  let network: StartedNetwork;
  let image: string;
  let api: FloodedApi;

  beforeAll(async () => {
    network = await startNetwork();
    image = await buildImage('api-gateway', 'Dockerfile.api');
    // All slow clients share one address, which may use all streams here.
    api = await startFloodedApi(image, network, { STREAMS_PER_CLIENT_MAX: String(STREAMS) });
  }, 600_000);

  afterAll(async () => {
    await api.dispose();
    await network.stop();
  }, 60_000);

  it('contains no test code', () => {
    expect(testFilesIn(image)).toEqual([]);
  }, 60_000);

  it('survives clients that read nothing of streams and lists of 94 KB orders, and serves the others', async () => {
    const client = createApiClient(() => Promise.resolve(api.url));
    const served = async (round: number): Promise<void> => {
      const request = orderFor('book-1');
      const { orderId } = await eventually(
        () => client.createOrder(request, `key-${round}`),
        `order ${round} accepted`,
        ANSWERS_WITHIN_MS,
      );
      const seen = await eventually(() => client.order(orderId), `order ${round} shown`, ANSWERS_WITHIN_MS);
      expect(seen).toMatchObject({ orderId, totalAmount: request.totalAmount });
    };
    const metric = async (name: string, labels: Record<string, string>): Promise<number> =>
      valueOf(await (await fetch(`${api.url}/metrics`)).text(), name, labels) ?? 0;

    await served(0);
    let peak = await api.memory();
    await api.flood(STREAMS, SLOW_READERS, READERS_PER_SECOND);
    let disconnected = 0;
    let mostStreams = 0;
    for (let round = 1; round <= ROUNDS || disconnected === 0; round++) {
      await served(round);
      peak = Math.max(peak, await api.memory());
      disconnected = await metric('http_slow_clients_disconnected_total', { reason: 'memory' });
      const [single, whole] = [
        await metric('event_streams_open', { kind: 'order' }),
        await metric('event_streams_open', { kind: 'system' }),
      ];
      mostStreams = Math.max(mostStreams, single + whole);
    }
    // Proves that the clients really sent a flood.
    expect(mostStreams).toBeGreaterThan(STREAMS / 2);
    expect(await api.state()).toEqual({ running: true, outOfMemory: false });
    expect(peak).toBeLessThan(MEMORY_LIMIT);
    process.stdout.write(`The API's memory was ${Math.round(peak / MIB)} MiB at most.\n`);
  }, 300_000);
});
