import { InvalidArgumentError, Option, type Command } from 'commander';
import { collect, countingNumber, wholeNumber, type RunOnApi } from '../command-options.js';
import { send, type SendOptions } from './send.js';

const DEFAULTS = { rate: 5, count: 20, waitSeconds: 120, retrySeconds: 120 };
const HIGHEST_RATE = 1_000;
const CUSTOMER = /^sample-[0-9a-f-]{36}$/;

function rateOf(text: string): number {
  const rate = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (rate <= 0 || rate > HIGHEST_RATE)
    throw new InvalidArgumentError(`It must be above 0, and at most ${HIGHEST_RATE}.`);
  return rate;
}

function customerOf(text: string): string {
  if (!CUSTOMER.test(text)) throw new InvalidArgumentError('It must be the customer that an earlier run has named.');
  return text;
}

/** `send`. */
export function addSendCommand(program: Command, run: RunOnApi): void {
  program
    .command('send')
    .description('sends sample orders to the API at a steady rate')
    .option('--api <url>', 'where the API listens (API_URL; else what runs on this machine)')
    .option('--rate <per second>', 'orders per second', rateOf, DEFAULTS.rate)
    .option('--count <n>', 'how many; 0: until Ctrl-C', wholeNumber, DEFAULTS.count)
    .option('--product <id>', 'in place of a mix of ordinary products; may be repeated, then in turn', collect)
    .option(
      '--customer <id>',
      'send the run of this customer again: what it has ordered is not ordered twice',
      customerOf,
    )
    .addOption(
      new Option('--wait [seconds]', 'then wait until all have ended, but no longer')
        .preset(String(DEFAULTS.waitSeconds))
        .argParser(countingNumber),
    )
    .option('--retry-for <seconds>', 'how long one order is tried again', wholeNumber, DEFAULTS.retrySeconds)
    .option('--json', 'one JSON document, at the end')
    .addHelpText(
      'after',
      `
Every order has an Idempotency-Key: after 429, 503 or no answer it is sent again, as Retry-After says, and ordered once.
Refused means that the API has said no; unanswered, that it said neither yes nor no until --retry-for was over: the order
may have been placed. The same command with --customer sends them again without ordering anything twice.
1 means that some were refused or unanswered, or with --wait that some have failed or not ended.

Examples:
  npm run ops -- send
  npm run ops -- send --rate 50 --count 1000 --wait
  npm run ops -- send --count 1 --product test-fails-2-times --wait 60`,
    )
    .action((options: SendOptions & { api?: string }) =>
      run(options, (apiUrl, terminal) => send(apiUrl, terminal, options)),
    );
}
