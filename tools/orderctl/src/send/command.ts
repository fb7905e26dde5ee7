import { InvalidArgumentError, Option, type Command } from 'commander';
import { collect, countingNumber, examples, wholeNumber, type RunOnApi } from '../command-options.js';
import { send } from './send.js';

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
  if (!CUSTOMER.test(text)) throw new InvalidArgumentError('It must be the customer that an earlier run printed.');
  return text;
}

export function addSendCommand(program: Command, run: RunOnApi): void {
  program
    .command('send')
    .description('sends sample orders to the API at a steady rate')
    .option('--api <url>', 'URL of the API (API_URL; by default the one that runs here)')
    .option('--rate <per second>', 'orders per second', rateOf, DEFAULTS.rate)
    .option('--count <n>', 'number of orders; 0: until Ctrl-C', wholeNumber, DEFAULTS.count)
    .option('--product <id>', 'order this product instead of a mix; several take turns', collect)
    .option('--customer <id>', 'send the orders of an earlier run again, without placing any twice', customerOf)
    .addOption(
      new Option('--wait [seconds]', 'then wait until all have ended, for at most this time')
        .preset(String(DEFAULTS.waitSeconds))
        .argParser(countingNumber),
    )
    .option('--retry-for <seconds>', 'how long to retry one order', wholeNumber, DEFAULTS.retrySeconds)
    .option('--json', 'print one JSON document at the end')
    .addHelpText(
      'after',
      `
Every order has an Idempotency-Key. After 429, 503 or no answer the command sends it again, respecting Retry-After, and the
API accepts it once. Refused: the API rejected the order. Unanswered: there was no final answer within --retry-for, so the
order may have been placed. The same command with --customer sends the orders again without placing any twice.
Exits with 1 if orders were refused or unanswered, or with --wait if some failed or did not end.
${examples('ops', 'send', 'send --rate 50 --count 1000 --wait', 'send --count 1 --product test-fails-2-times --wait 60')}`,
    )
    .action(run(send));
}
