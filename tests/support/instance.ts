import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { eventually } from '@orderflow/testing/eventually';
import type { Child } from '../../tools/local/children.mjs';
import { readyUrl, spawnService, untilHealthy, type Service } from '../../tools/local/embedded.mjs';
import type { Credentials } from '../../tools/local/environment.mjs';
import { killAtExit } from './kill-at-exit.js';

/** One process of a service, through all its restarts. */
export type Instance = {
  /** For example `order-worker-2`. The first has the service's name. */
  name: string;
  service: Service;
  port: number;
  /** Undefined while it is down. */
  pid(): number | undefined;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, and no restart. */
  stop(): Promise<{ code: number; tookMs: number }>;
  /** Like `stop`, with another signal. */
  down(signal: NodeJS.Signals): Promise<{ code: number; tookMs: number }>;
  /** Resolves when it is healthy; starts it if it is down. */
  start(): Promise<void>;
  /** The log of all its processes. */
  logs(): Promise<string>;
  logFile: string;
  /** Unexpected ends of its processes. */
  ends: { code: number; signal: NodeJS.Signals | null; at: number }[];
  /** Ends it permanently. */
  dispose(): Promise<void>;
};

type InstanceOptions = {
  place: { root: string; logDir: string };
  name: string;
  service: Service;
  port: number;
  emulatorUrl: string;
  credentials: Credentials;
  env: Record<string, string>;
  main?: string;
  /** Whether a process that ends by itself is restarted. */
  restart: boolean;
  /** Further variables, evaluated at each start. `life` counts from 1. */
  envOfLife?: (life: number) => Record<string, string>;
};

/** Like a container's restart policy, but sooner. */
const RESTART_AFTER_MS = 200;
const HEALTHY_WITHIN_MS = 60_000;
const LAST_LINES = 15;
/** After this many exits during startup, it will not become healthy. */
const MAX_EXITS = 3;
/** A process that has not drained by then is ended. */
const DISPOSE_WITHIN_MS = 10_000;

export function createInstance(options: InstanceOptions): Instance {
  const { place, name, service, port, emulatorUrl, credentials, env, main, restart, envOfLife } = options;
  const ends: Instance['ends'] = [];
  let child: Child | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lives = 0;
  /** Whether it is meant to run. */
  let wanted = false;

  function spawn(): Child {
    const started = spawnService(place, service, {
      port,
      emulatorUrl,
      credentials,
      env: { ...env, ...envOfLife?.(++lives) },
      name,
      main,
    });
    child = started;
    killAtExit(started);
    void started.end.then((end) => {
      if (child === started) child = undefined;
      if (!wanted) return;
      ends.push({ ...end, at: Date.now() });
      wanted = restart;
      if (restart) timer = setTimeout(spawn, RESTART_AFTER_MS);
    });
    return started;
  }

  const logFile = `${place.logDir}${name}.log`;
  const logs = async (): Promise<string> => (existsSync(logFile) ? readFile(logFile, 'utf8') : '');

  /** With restarts, a process may die before it is healthy. Without restarts, its death is a failed start. */
  async function start(): Promise<void> {
    if (!wanted) {
      wanted = true;
      spawn();
    }
    if (!restart && child) return untilHealthy(readyUrl(port), child);
    const endsBefore = ends.length;
    const state = await eventually(
      async () => {
        const exits = ends.slice(endsBefore).filter(({ code, signal }) => code !== 0 && signal === null);
        if (exits.length === MAX_EXITS) return 'exits';
        return (await fetch(readyUrl(port), { signal: AbortSignal.timeout(2_000) })).ok ? 'healthy' : undefined;
      },
      `${name} healthy`,
      HEALTHY_WITHIN_MS,
    ).catch(() => 'late');
    if (state === 'healthy') return;
    const lastLines = (await logs()).trimEnd().split('\n').slice(-LAST_LINES).join('\n');
    const what = state === 'late' ? `was not healthy within ${HEALTHY_WITHIN_MS} ms` : 'exits at each start';
    throw new Error(`${name} ${what}. Its last lines:\n${lastLines}`);
  }

  async function end(signal: NodeJS.Signals): Promise<{ code: number; tookMs: number }> {
    wanted = false;
    clearTimeout(timer);
    const startedAt = performance.now();
    if (!child) return { code: 0, tookMs: 0 };
    child.kill(signal);
    const code = await child.ended;
    return { code, tookMs: performance.now() - startedAt };
  }

  return {
    name,
    service,
    port,
    pid: () => child?.pid,
    kill: async () => {
      const killed = child;
      killed?.kill('SIGKILL');
      await killed?.ended;
    },
    signal: (signal) => {
      child?.kill(signal);
    },
    stop: () => end('SIGTERM'),
    down: end,
    start,
    logs,
    logFile,
    ends,
    dispose: async () => {
      const stubborn = setTimeout(() => {
        child?.kill('SIGKILL');
      }, DISPOSE_WITHIN_MS);
      // A process stopped with SIGSTOP does not receive other signals.
      child?.kill('SIGCONT');
      await end('SIGTERM');
      clearTimeout(stubborn);
    },
  };
}
