import { InvalidArgumentError, type Command } from 'commander';
import type { ConnectedSystem, TargetOptions } from './connect.js';
import type { Terminal } from './terminal.js';

/** Finds the system, runs a command on it, and remembers its exit code. */
export type Run = (
  options: TargetOptions,
  command: (system: ConnectedSystem, terminal: Terminal) => Promise<number>,
) => Promise<void>;

/** A whole number from 0. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Options by which every command finds its system. */
export function withTarget(command: Command): Command {
  return command
    .option('--endpoint <url>', 'where the emulator listens (AWS_ENDPOINT_URL; else what runs on this machine)')
    .option('--stage <name>', 'prefix of all resource names (STAGE; else local)')
    .option('--aws', 'AWS itself, with the credentials and the region of the environment');
}
