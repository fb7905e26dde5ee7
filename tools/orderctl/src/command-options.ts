import { isReference } from '@orderflow/contracts';
import { InvalidArgumentError, type Command } from 'commander';
import type { ConnectedSystem } from './connect.js';
import type { ApiTarget } from './send/token-source.js';
import type { Terminal } from './terminal.js';

/** The action of a command that connects to the system. It calls `work` with the arguments and the options. */
export type Run = (
  work: (system: ConnectedSystem, terminal: Terminal, ...given: never[]) => Promise<number>,
  mannerOf?: (options: { watch?: number }) => Manner,
) => (...given: unknown[]) => Promise<void>;

/** How a command handles interruptions. */
type Manner = {
  /** It runs until stopped, and waits for a system that cannot be reached. */
  patient?: boolean;
  /** It only reads, so Ctrl-C may end it in the middle of a call. */
  leavesNothing?: boolean;
};

/** The same for commands that only use the API. */
export type RunOnApi = <Options>(
  work: (api: ApiTarget, terminal: Terminal, options: Options) => Promise<number>,
) => (options: Options & { api?: string }) => Promise<void>;

/** A whole number from 0. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A whole number from 1. */
export function countingNumber(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('It must be 1 or more.');
  return number;
}

export function idOf(text: string): string {
  const id = text.trim().toLowerCase();
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(id)) return id;
  throw new InvalidArgumentError('An id looks like 0197e0a4-7c1b-7b5e-9c36-2f1f6f0c8a11.');
}

/** Parses the `customerId` of an order. */
export function customerIdOf(text: string): string {
  if (isReference(text)) return text;
  throw new InvalidArgumentError(
    'A customer id is 1 to 64 of A-Z a-z 0-9 . _ : @ - and starts with a letter or digit.',
  );
}

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** The options of every command that connects to the system. */
export function withTarget(command: Command): Command {
  return command
    .option('--endpoint <url>', 'URL of the emulator (AWS_ENDPOINT_URL; by default the one that runs here)')
    .option('--stage <name>', 'prefix of all resource names (STAGE; by default local)')
    .option('--aws', 'use AWS, with the credentials and the region of the environment')
    .option('--json', 'print JSON: one document, or one per line');
}

export function examples(script: string, ...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${`npm run ${script} -- ${line}`.replace(/ -- $/, '')}`).join('\n')}`;
}
