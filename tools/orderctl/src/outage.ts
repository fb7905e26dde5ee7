import { toError } from '@orderflow/platform/runtime/errors';
import { printable, type Terminal } from './terminal.js';

/** Why a host was unreachable. Node's error for several addresses has no message. */
export function reasonOf(thrown: unknown): string {
  const { message, name, code, errors } = toError(thrown) as Error & { code?: unknown; errors?: unknown };
  const [first] = Array.isArray(errors) ? (errors as unknown[]) : [];
  const text = message || (first instanceof Error && first.message) || (typeof code === 'string' ? code : name);
  return printable(text);
}

/** Prints one line when a system becomes unavailable, and one when it is back. */
export function createOutage({ err, elapsedMs }: Pick<Terminal, 'err' | 'elapsedMs'>, what: string) {
  let since: number | undefined;
  return {
    begin: (error: unknown): void => {
      if (since !== undefined) return;
      since = elapsedMs();
      err(`${what} cannot be reached (${reasonOf(error)}); trying again until it can.\n`);
    },
    end: (): void => {
      if (since === undefined) return;
      err(`${what} is back after ${Math.ceil((elapsedMs() - since) / 1_000)} s.\n`);
      since = undefined;
    },
    isOpen: (): boolean => since !== undefined,
  };
}
