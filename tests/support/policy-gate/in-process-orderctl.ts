import { createAwsClients } from '@orderflow/platform/aws/clients';
import { connect } from '@orderflow/orderctl/connect';
import { createProgram } from '@orderflow/orderctl/program';
import { startDeadline } from '@orderflow/orderctl/terminal';
import type { Credentials } from '../../../tools/local/environment.mjs';
import { createTerminal } from '../operator.js';

type Target = { endpoint: string; stage: string; credentials: Credentials };

/**
 * Runs a command of orderctl without a process, with new AWS clients: nothing is cached from an earlier command.
 * @throws what the command throws, such as a denied call
 */
export async function orderctl({ endpoint, stage, credentials }: Target, ...args: string[]) {
  const terminal = createTerminal();
  const region = 'us-east-1';
  const aws = createAwsClients({
    AWS_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REQUEST_TIMEOUT_MS: 20_000,
    SQS_WAIT_TIME_SECONDS: 5,
  });
  let exitCode: number | undefined;
  const program = createProgram(
    (work) =>
      async (...given) => {
        const options = (given.pop() as { optsWithGlobals: () => { for?: number } }).optsWithGlobals();
        const deadline = options.for === undefined ? undefined : startDeadline(terminal, options.for * 1_000);
        const system = await connect({ stage, region, endpoint, credentials }, aws, terminal);
        exitCode = await work(system, terminal, ...([...given.slice(0, -1), options, deadline] as never[]));
      },
    () => () => Promise.reject(new Error('this needs the API')),
    () => Promise.reject(new Error('the doctor is another program')),
  );
  try {
    await program.parseAsync(args, { from: 'user' });
  } finally {
    aws.close();
  }
  return { exitCode, out: terminal.written(), said: terminal.said() };
}
