import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SERVICE_NAMES, spawnService } from '../../tools/local/embedded.mjs';
import { followFile } from '../../tools/local/follow.mjs';
import { LOCALSTACK_CREDENTIALS } from '../../tools/local/environment.mjs';
import { build } from '../../tools/local/requirements.mjs';
import { lastingPort } from '../support/lasting-port.js';
import { startOtlpReceiver, type OtlpReceiver } from '../support/otlp-receiver.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Nothing listens there, so a service starts and waits for its dependencies. */
const NOWHERE = 'http://127.0.0.1:9';

describe('the code that a service loads', () => {
  let receiver: OtlpReceiver;
  let dir: string;
  let child: ReturnType<typeof spawnService> | undefined;

  beforeAll(async () => {
    await build(root);
    receiver = await startOtlpReceiver(await lastingPort());
  }, 120_000);

  afterAll(async () => {
    await receiver.dispose();
  });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'orderflow-'));
  });

  afterEach(async () => {
    // Ends services of failed tests, which would keep the test run from ending.
    child?.kill('SIGKILL');
    await child?.ended;
    await rm(dir, { recursive: true, force: true });
  });

  /** Stops a service once it has logged `until`, and returns the scripts it has loaded. */
  async function loadedBy(service: (typeof SERVICE_NAMES)[number], endpoint: string, until: string): Promise<string[]> {
    const coverage = join(dir, 'coverage');
    const port = await lastingPort();
    await new Promise<void>((resolve) => {
      const stopFollowing = followFile(`${dir}/${service}.log`, (line) => {
        if (line.includes(`"message":"${until}"`)) child?.kill('SIGTERM');
      });
      const env = {
        LOG_FORMAT: 'json',
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        // Node writes V8's coverage of every script when the process ends.
        NODE_V8_COVERAGE: coverage,
      };
      child = spawnService({ root, logDir: `${dir}/` }, service, {
        ...{ port, emulatorUrl: NOWHERE, credentials: LOCALSTACK_CREDENTIALS, env },
      });
      void child.ended.then(() => {
        stopFollowing();
        resolve();
      });
    });
    const files = await readdir(coverage);
    const reports = await Promise.all(files.map((file) => readFile(join(coverage, file), 'utf8')));
    return reports.flatMap((report) =>
      (JSON.parse(report) as { result: { url: string }[] }).result.map(({ url }) => url),
    );
  }

  /** The SDK and its exporter. The API does not count: prom-client loads it, and it does nothing by itself. */
  const ofSdk = (url: string) => url.includes('@opentelemetry/') && !url.includes('@opentelemetry/api/');

  it.each(SERVICE_NAMES)(
    '%s does not load the SDK of OpenTelemetry without an endpoint',
    async (service) => {
      const started = service === 'api-gateway' ? 'listening' : 'health endpoints listen';
      const loaded = await loadedBy(service, '', started);
      expect(loaded.filter((url) => url.endsWith('platform/dist/telemetry/tracing.js'))).toHaveLength(1);
      expect(loaded.filter(ofSdk)).toEqual([]);
    },
    30_000,
  );

  it('order-worker loads it once something listens there', async () => {
    const loaded = await loadedBy('order-worker', receiver.url, 'tracing');
    expect(loaded.filter(ofSdk)).not.toEqual([]);
  }, 30_000);
});
