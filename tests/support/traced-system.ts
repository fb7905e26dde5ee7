/** A system that exports traces, behind a faulty network. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { Order } from '@orderflow/contracts';
import { eventually } from '@orderflow/testing/eventually';
import { SERVICE_NAMES } from '../../tools/local/embedded.mjs';
import { orderFor } from './api-client.js';
import { startEmbeddedSystem, type EmbeddedSystem } from './embedded-system.js';
import { startFaultyNetwork, type FaultyNetwork } from './faulty-network.js';
import { lastingPort } from './lasting-port.js';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from './otlp-receiver.js';

/** The product that an order worker cannot handle until it is restarted. */
export const BROKEN = 'broken-1';
/** Each process exports twice a second, so a span that has not arrived by then does not exist. */
const COMPLETE_AFTER_MS = 1_500;

export function useTracedSystem() {
  let receiver: OtlpReceiver;
  let network: FaultyNetwork;
  let system: EmbeddedSystem;

  beforeAll(async () => {
    receiver = await startOtlpReceiver(await lastingPort());
    system = await startEmbeddedSystem({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, MAX_RECEIVES: '2', QUEUE_GRACE_MS: '500' },
      envOfProcess: ({ service, life }): Record<string, string> =>
        service === 'order-worker' && life === 1 ? { FULFILMENT_BREAKS_ON: BROKEN } : {},
      endpointFor: async (emulatorUrl) => {
        network = await startFaultyNetwork(emulatorUrl);
        return network.url;
      },
    });
    for (const service of SERVICE_NAMES) {
      await eventually(async () => (await system.logs(service)).includes('"message":"tracing"'), `${service} tracing`);
    }
  }, 120_000);

  afterAll(async () => {
    await system.dispose();
    await network.dispose();
    await receiver.dispose();
  }, 60_000);

  afterEach(async () => {
    network.heal();
    await receiver.become('up');
  });

  /** Posts as a client that traces, so the trace id is known from the start. */
  async function placeOrder(productId: string): Promise<{ orderId: string; traceId: string; tookMs: number }> {
    const traceId = randomBytes(16).toString('hex');
    const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
    const startedAt = performance.now();
    const response = await fetch(`${await system.apiUrl()}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: JSON.stringify(orderFor(productId)),
    });
    expect(response.status).toBe(201);
    const { orderId } = (await response.json()) as Order;
    return { orderId, traceId, tookMs: performance.now() - startedAt };
  }

  const isTold = ({ attributes }: ReceivedSpan) => attributes['orderflow.event.type'] === 'NotificationSent';

  /** The trace, once it has the expected number of notifications. */
  const traceOf = (traceId: string, notifications = 1) => {
    let latest = { count: 0, at: performance.now() };
    return eventually(async () => {
      const spans = receiver.spansOf(traceId);
      if (spans.length !== latest.count) latest = { count: spans.length, at: performance.now() };
      const isComplete = performance.now() - latest.at > COMPLETE_AFTER_MS;
      return isComplete && spans.filter(isTold).length >= notifications ? spans : undefined;
    }, `the whole trace ${traceId}`);
  };

  return {
    get receiver() {
      return receiver;
    },
    get network() {
      return network;
    },
    get system() {
      return system;
    },
    placeOrder,
    traceOf,
  };
}
