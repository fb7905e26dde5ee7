import { describe, expect, it } from '@jest/globals';
import { createLimitConcurrency } from './limit-concurrency.js';

/** Tasks that the test ends. */
function createTasks(atOnce: number, maxWaiting: number) {
  const limit = createLimitConcurrency({ atOnce, maxWaiting });
  const started: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  return {
    started,
    run: (name: string) =>
      limit(() => {
        started.push(name);
        return new Promise<string>((resolve, reject) => {
          ends.set(name, (error) => {
            if (error) reject(error);
            else resolve(name);
          });
        });
      }),
    end: (name: string, error?: Error) => ends.get(name)?.(error),
  };
}

describe('a concurrency limit', () => {
  it('runs a bounded number at once, and the others in order', async () => {
    const { run, end, started } = createTasks(2, 10);
    const all = ['a', 'b', 'c', 'd'].map(run);
    expect(started).toEqual(['a', 'b']);
    end('b');
    await all[1];
    expect(started).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'c']) end(name);
    await Promise.all([all[0], all[2]]);
    end('d');
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses tasks beyond its queue, and accepts them once there is room', async () => {
    const { run, end } = createTasks(1, 1);
    const [running, waiting] = [run('a'), run('b')];
    await expect(run('c')).rejects.toMatchObject({ code: 'OVERLOADED' });
    end('a');
    await running;
    const later = run('d');
    end('b');
    await waiting;
    end('d');
    expect(await later).toBe('d');
  });

  it('gives the slot of a failed task to the next one', async () => {
    const { run, end } = createTasks(1, 1);
    const [failing, next] = [run('a'), run('b')];
    end('a', new Error('away'));
    await expect(failing).rejects.toThrow('away');
    end('b');
    expect(await next).toBe('b');
  });
});
