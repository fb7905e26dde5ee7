import { readFileSync } from 'node:fs';
import { resourceNames, STAGE_PATTERN, type ResourceNames } from '@orderflow/contracts';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { isTopologyMissing } from '@orderflow/platform/aws/failures';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import { toError } from '@orderflow/platform/errors';
import { OperatorError } from './operator-error.js';

/** What the command line says of the system. */
export type TargetOptions = { endpoint?: string; stage?: string; aws?: boolean };

/** Where a system is. */
export type Target = {
  stage: string;
  region: string;
  /** Undefined: AWS itself. */
  endpoint: string | undefined;
  /** An emulator takes any credentials, and the real ones are none of its business. */
  testCredentials: boolean;
  /** How the endpoint was found, when nobody named it. */
  foundBy?: string;
};

/** A system that answers. */
export type ConnectedSystem = {
  stage: string;
  names: ResourceNames;
  aws: AwsClients;
  urlOf: (queue: string) => Promise<string>;
};

type Surroundings = {
  env: NodeJS.ProcessEnv;
  /** Where `npm run local` writes down what it has started. */
  runFile: URL;
  /** Whether something answers over HTTP. */
  answers: (url: string) => Promise<boolean>;
};

const COMPOSE_PORT = '4566';
const HOW_TO_SAY = 'name it with --endpoint URL or AWS_ENDPOINT_URL, or say --aws for AWS itself.';

function localEndpoint(runFile: URL): string | undefined {
  try {
    const { urls } = JSON.parse(readFileSync(runFile, 'utf8')) as { urls?: Record<string, string> };
    return urls?.['AWS endpoint'];
  } catch {
    return undefined;
  }
}

async function guessEndpoint({ env, runFile, answers }: Surroundings): Promise<[string, string]> {
  const local = localEndpoint(runFile);
  if (local !== undefined && (await answers(local))) return [local, 'npm run local'];
  const compose = `http://127.0.0.1:${env.LOCALSTACK_PORT?.trim() ? env.LOCALSTACK_PORT.trim() : COMPOSE_PORT}`;
  if (await answers(compose)) return [compose, 'the port of Compose'];
  throw new OperatorError(
    `No system runs here: start one with npm run local or docker compose up --wait, or, if it runs elsewhere, ${HOW_TO_SAY}`,
  );
}

/** @throws OperatorError when no system is named and none is found */
export async function findTarget(options: TargetOptions, surroundings: Surroundings): Promise<Target> {
  const { env } = surroundings;
  const stage = options.stage ?? (env.STAGE?.trim() ? env.STAGE.trim() : 'local');
  if (!STAGE_PATTERN.test(stage)) {
    throw new OperatorError('The stage must be 1 to 20 of a-z 0-9 - and start with a letter: --stage or STAGE.');
  }
  const region = env.AWS_REGION?.trim() ? env.AWS_REGION.trim() : 'us-east-1';
  const given = options.endpoint ?? (env.AWS_ENDPOINT_URL?.trim() ? env.AWS_ENDPOINT_URL.trim() : undefined);
  if (options.aws) {
    if (options.endpoint !== undefined) throw new OperatorError('Say either --aws or --endpoint URL, not both.');
    return { stage, region, endpoint: undefined, testCredentials: false };
  }
  if (given !== undefined) {
    if (!URL.canParse(given) || !/^https?:/.test(given)) {
      throw new OperatorError('The endpoint must be an http(s) URL such as http://127.0.0.1:4566.');
    }
    return { stage, region, endpoint: given, testCredentials: !env.AWS_ACCESS_KEY_ID && !env.AWS_PROFILE };
  }
  const [endpoint, foundBy] = await guessEndpoint(surroundings);
  return { stage, region, endpoint, testCredentials: true, foundBy };
}

/** @throws OperatorError when the stage's queues do not answer */
export async function connect({ stage, endpoint }: Target, aws: AwsClients): Promise<ConnectedSystem> {
  const names = resourceNames(stage);
  const urlOf = createQueueUrls(aws.sqs);
  const where = endpoint ?? 'AWS';
  try {
    await urlOf(names.orderQueue);
  } catch (error) {
    if (isTopologyMissing(error)) {
      throw new OperatorError(
        `There is no stage ${stage} at ${where}: it has no queue ${names.orderQueue}. Name another with --stage, or deploy it.`,
        { cause: error },
      );
    }
    throw new OperatorError(
      `The system at ${where} cannot be reached (${toError(error).message || toError(error).name}); is it up? If it is elsewhere, ${HOW_TO_SAY}`,
      { cause: error },
    );
  }
  return { stage, names, aws, urlOf };
}
