import { ApiProblem } from '../http/problems/api-problem.js';

/**
 * Runs a bounded number of tasks at once and queues a bounded number, first in, first out.
 * @throws ApiProblem OVERLOADED when the queue is full
 */
export function createLimitConcurrency({ atOnce, maxWaiting }: { atOnce: number; maxWaiting: number }) {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async <Result>(run: () => Promise<Result>): Promise<Result> => {
    if (running >= atOnce) {
      if (waiting.length >= maxWaiting) throw new ApiProblem('OVERLOADED', 'Too many lists are being read.');
      // The finished task hands over its slot, so `running` stays the same.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
