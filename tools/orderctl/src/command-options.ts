import { InvalidArgumentError, type Command } from 'commander';
import type { ConnectedSystem, TargetOptions } from './connect.js';
import type { Deadline, Terminal } from './terminal.js';

/** Finds the system, runs a command on it, and remembers its exit code. */
export type Run = (
  options: TargetOptions,
  command: (system: ConnectedSystem, terminal: Terminal, deadline?: Deadline) => Promise<number>,
  how?: Manner,
) => Promise<void>;

/** How a command takes what comes between. */
export type Manner = {
  /** It goes on until it is told to stop, and waits for a system that cannot be reached. */
  patient?: boolean;
  /** When it is told to stop, in time from its start; waiting for the system counts. */
  forMs?: number | undefined;
  /** It only reads, and leaves nothing to tidy up: Ctrl-C ends it in the middle of a call. */
  leavesNothing?: boolean;
};

/** The same for a command that talks to the API alone. */
export type RunOnApi = (
  options: { api?: string },
  command: (apiUrl: string, terminal: Terminal) => Promise<number>,
) => Promise<void>;

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

/** Collects the values of an option that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** Options by which every command finds its system. */
export function withTarget(command: Command): Command {
  return command
    .option('--endpoint <url>', 'where the emulator listens (AWS_ENDPOINT_URL; else what runs on this machine)')
    .option('--stage <name>', 'prefix of all resource names (STAGE; else local)')
    .option('--aws', 'AWS itself, with the credentials and the region of the environment');
}
