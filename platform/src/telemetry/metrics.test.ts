import { describe, expect, it } from '@jest/globals';
import { samplesOf, valueOf } from '@orderflow/testing/samples';
import { createMetrics } from './metrics.js';

describe('the metrics of a process', () => {
  it('report service and version', async () => {
    const { contentType, text } = await createMetrics('a-service').scrape();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    const labels = { service: 'a-service', version: expect.stringMatching(/^\d+\.\d+\.\d+$/), node: process.version };
    expect(samplesOf(text)).toEqual([{ name: 'build_info', labels, value: 1 }]);
  });

  it('are separate for each system in a test', async () => {
    const [one, other] = [createMetrics('one'), createMetrics('other')];
    for (const metrics of [one, other]) metrics.counter({ name: 'things_total', help: 'Things.' });
    one.counter({ name: 'more_total', help: 'More.' }).inc(2);
    expect(valueOf((await one.scrape()).text, 'more_total')).toBe(2);
    expect(valueOf((await other.scrape()).text, 'more_total')).toBeUndefined();
    expect(valueOf((await other.scrape()).text, 'things_total')).toBe(0);
  });

  it("include Node's metrics if asked for", async () => {
    const { text } = await createMetrics('a-service', { runtime: true }).scrape();
    expect(valueOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(valueOf(text, 'nodejs_eventloop_lag_p99_seconds')).toBeDefined();
  });
});
