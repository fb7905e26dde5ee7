import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

const CLOSE_IDLE_EVERY_MS = 100;

export function report(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
}

/** Listens until SIGTERM; then answers what is under way, drains, and ends the process with 0. */
export async function serve(
  listener: RequestListener,
  { PORT, HOST }: { PORT: number; HOST: string },
  drain: () => Promise<unknown>,
): Promise<void> {
  const server = createServer(listener);
  server.listen(PORT, HOST);
  await once(server, 'listening');

  async function stop(): Promise<void> {
    // Connections that are busy now are idle later, and would hold the process up.
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
