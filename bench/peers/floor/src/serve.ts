import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

const CLOSE_IDLE_EVERY_MS = 100;

export function report(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
}

/** Listens until SIGTERM. Then it completes open requests, drains and exits 0. */
export async function serve(
  listener: RequestListener,
  { PORT, HOST }: { PORT: number; HOST: string },
  drain: () => Promise<unknown>,
): Promise<void> {
  const server = createServer(listener);
  server.listen(PORT, HOST);
  await once(server, 'listening');

  async function stop(): Promise<void> {
    // A connection that becomes idle later would keep the process alive.
    setInterval(() => {
      server.closeIdleConnections();
    }, CLOSE_IDLE_EVERY_MS).unref();
    const closed = once(server, 'close');
    server.close();
    await closed;
    await drain();
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
}
