import type { MonotonicClock, Stopwatch } from '@orderflow/platform/runtime/clock';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiProblem } from '../problems/api-problem.js';
import { clientOf } from './client-of.js';

type Window = { current: number; ageMs: Stopwatch };

export type CountRequest = (client: string) => { isExceeded: boolean; remaining: number; resetSeconds: number };

/** Clients that are remembered. The least recent are forgotten first. */
const MAX_CLIENTS = 5_000;

/** Counts the requests of each client in windows, on a monotonic clock: a step of the wall clock must refuse no one. */
export function createCountRequest(monotonic: MonotonicClock, max: number, windowMs: number): CountRequest {
  const windows = new Map<string, Window>();
  return (client) => {
    const known = windows.get(client);
    const window = known && known.ageMs() < windowMs ? known : { current: 0, ageMs: monotonic.startStopwatch() };
    window.current += 1;
    windows.delete(client);
    windows.set(client, window);
    const [oldest] = windows.keys();
    if (windows.size > MAX_CLIENTS && oldest !== undefined) windows.delete(oldest);
    return {
      isExceeded: window.current > max,
      remaining: Math.max(0, max - window.current),
      resetSeconds: Math.ceil(Math.max(0, windowMs - window.ageMs()) / 1_000),
    };
  };
}

type LimitOptions = { max: number; /** Requests that are not counted. */ isFree: (request: FastifyRequest) => boolean };

/** Limits the requests of each client, including requests without a route. */
export function limitRate(server: FastifyInstance, countRequest: CountRequest, { max, isFree }: LimitOptions): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (isFree(request)) {
      done();
      return;
    }
    const { isExceeded, remaining, resetSeconds: reset } = countRequest(clientOf(request));
    reply.headers({ 'x-ratelimit-limit': max, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset });
    if (isExceeded) void reply.header('retry-after', reset);
    done(
      isExceeded ? new ApiProblem('RATE_LIMITED', 'Too many requests; Retry-After says when to come back.') : undefined,
    );
  });
}
