import { resourceNames, STAGE_PATTERN, type ResourceNames } from '@orderflow/contracts';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { isDenied, isTopologyMissing, isUnavailable } from '@orderflow/platform/aws/error-kind';
import { createQueueUrls } from '@orderflow/platform/aws/queue-urls';
import { OperatorError } from './operator-error.js';
import { createOutage, reasonOf } from './outage.js';
import { unlessInterrupted, type Deadline, type Terminal } from './terminal.js';

/** The system as selected on the command line. */
export type TargetOptions = { endpoint?: string; stage?: string; aws?: boolean };

export type Target = {
  stage: string;
  region: string;
  /** Undefined: AWS. */
  endpoint: string | undefined;
  /** Undefined: the SDK's default chain, for AWS only. An emulator never receives AWS credentials. */
  credentials: Credentials | undefined;
  /** How the endpoint was found, unless it was named. */
  foundBy?: string;
  /** The command waited for it, so missing resources may still be created. */
  isStarting?: boolean;
};

/** A reachable system. */
export type ConnectedSystem = {
  stage: string;
  /** Its endpoint or AWS, for messages. */
  where: string;
  names: ResourceNames;
  aws: AwsClients;
  urlOf: (queue: string) => Promise<string>;
};

/** The credentials of an emulator. */
export type Credentials = { accessKeyId: string; secretAccessKey: string };

/** The address of the API or of the emulator. */
export type Part = 'api' | 'endpoint';

/** tools/local/find-system.mjs, bound to the root and the environment. */
export type Surroundings = {
  env: NodeJS.ProcessEnv;
  /** A variable from the shell or .env; undefined when unset or empty. */
  setting: (variable: string) => string | undefined;
  /**
   * The running system. `foundBy` is for messages.
   * @throws with `fix`, when none or several run; `mayCome` when waiting may help
   */
  find: (part: Part) => Promise<{ url: string; foundBy: string }>;
  credentialsAt: (endpoint: string) => Credentials;
  answers: (url: string) => Promise<boolean>;
};

/** Every emulator uses it. AWS_REGION applies to AWS only. */
const EMULATOR_REGION = 'us-east-1';
const RETRY_MS = 1_000;
const HOW_TO_SAY = 'name it with --endpoint URL or AWS_ENDPOINT_URL, or say --aws for AWS itself.';

/** No system was named or found. */
class NothingRuns extends OperatorError {}

/**
 * Finds the system that runs here.
 * @param elsewhere what to do about a system that runs elsewhere
 * @throws OperatorError when none or several run
 */
export async function findHere(
  part: Part,
  { find }: Surroundings,
  elsewhere: string,
): Promise<{ url: string; foundBy: string }> {
  try {
    return await find(part);
  } catch (error) {
    const { message, fix, mayCome } = error as Error & { fix?: string; mayCome?: boolean };
    if (fix === undefined) throw error;
    const Problem = mayCome ? NothingRuns : OperatorError;
    throw new Problem(`${message}\n\nWhat to do: ${fix} If it runs elsewhere, ${elsewhere}`, { cause: error });
  }
}

/** @throws OperatorError when no system is named and none is found */
export async function findTarget(options: TargetOptions, surroundings: Surroundings): Promise<Target> {
  const { env, setting, credentialsAt } = surroundings;
  const stage = options.stage ?? setting('STAGE') ?? 'local';
  if (!STAGE_PATTERN.test(stage)) {
    throw new OperatorError('The stage must be 1 to 20 of a-z 0-9 - and start with a letter: --stage or STAGE.');
  }
  const given = options.endpoint ?? (env.AWS_ENDPOINT_URL?.trim() ? env.AWS_ENDPOINT_URL.trim() : undefined);
  if (options.aws) {
    if (options.endpoint !== undefined) throw new OperatorError('Say either --aws or --endpoint URL, not both.');
    const named = [env.AWS_REGION, env.AWS_DEFAULT_REGION].find((name) => name?.trim())?.trim();
    return { stage, region: named ?? 'us-east-1', endpoint: undefined, credentials: undefined };
  }
  const region = EMULATOR_REGION;
  if (given !== undefined) {
    if (!URL.canParse(given) || !/^https?:/.test(given)) {
      throw new OperatorError('The endpoint must be an http(s) URL such as http://127.0.0.1:4566.');
    }
    return { stage, region, endpoint: given, credentials: credentialsAt(given) };
  }
  const { url, foundBy } = await findHere('endpoint', surroundings, HOW_TO_SAY);
  return { stage, region, endpoint: url, credentials: credentialsAt(url), foundBy };
}

/**
 * Like `findTarget`, for commands that run until stopped: waits for a system to start.
 * @throws OperatorError when waiting would not help, or has not helped in time
 */
export async function findTargetPatiently(
  options: TargetOptions,
  surroundings: Surroundings,
  terminal: Terminal,
  deadline?: Deadline,
): Promise<Target> {
  for (let isStarting = false; ; isStarting = true) {
    try {
      return { ...(await findTarget(options, surroundings)), isStarting };
    } catch (error) {
      if (!(error instanceof NothingRuns)) throw error;
      if (!isStarting) terminal.err(`${error.message}\nWaiting until one runs here.\n`);
    }
    await pauseUntil(deadline, terminal, 'No system has run here');
  }
}

/** @throws OperatorError saying what has been so until the deadline */
async function pauseUntil(deadline: Deadline | undefined, terminal: Terminal, what: string): Promise<void> {
  try {
    await unlessInterrupted(terminal, terminal.pause(RETRY_MS), deadline);
  } catch (error) {
    terminal.signal.throwIfAborted();
    throw new OperatorError(`${what} within ${(deadline?.withinMs ?? 0) / 1_000} s.`, { cause: error });
  }
}

/** The system, for messages. */
const whereOf = ({ endpoint, region }: Target): string => endpoint ?? `AWS (${region})`;

/** @throws OperatorError when the stage's queues do not answer in time */
export async function connect(
  target: Target,
  aws: AwsClients,
  terminal: Pick<Terminal, 'signal'>,
  deadline?: Deadline,
): Promise<ConnectedSystem> {
  const { stage } = target;
  const names = resourceNames(stage);
  const urlOf = createQueueUrls(aws.sqs);
  const where = whereOf(target);
  try {
    await unlessInterrupted(terminal, urlOf(names.orderQueue), deadline);
  } catch (error) {
    terminal.signal.throwIfAborted();
    if (isTopologyMissing(error)) {
      throw new OperatorError(
        `There is no stage ${stage} at ${where}: it has no queue ${names.orderQueue}. Name another with --stage, or deploy it.`,
        { cause: error },
      );
    }
    if (isDenied(error)) throw new OperatorError(sentenceFor(error, target), { cause: error });
    throw new OperatorError(
      `The system at ${where} cannot be reached (${reasonOf(error)}); is it up? If it is elsewhere, ${HOW_TO_SAY}`,
      { cause: error },
    );
  }
  return { stage, where, names, aws, urlOf };
}

/** Whether waiting can help. It does not help against missing stages, credentials or permissions. */
function mayComeUp(error: unknown): boolean {
  const { cause } = error as OperatorError;
  return isUnavailable(cause) && !isTopologyMissing(cause) && !isDenied(cause);
}

/**
 * Like `connect`, for commands that run until stopped: waits for the system and its stage.
 * @throws OperatorError when waiting would not help, or has not helped in time
 */
export async function connectPatiently(
  target: Target,
  aws: AwsClients,
  terminal: Terminal,
  deadline?: Deadline,
): Promise<ConnectedSystem> {
  const where = whereOf(target);
  const outage = createOutage(terminal, where);
  for (;;) {
    try {
      const system = await connect(target, aws, terminal, deadline);
      outage.end();
      return system;
    } catch (error) {
      if (!deadline?.signal.aborted) {
        if (!(error instanceof OperatorError)) throw error;
        const isOnItsWay = (target.isStarting === true || outage.isOpen()) && isTopologyMissing(error.cause);
        if (!isOnItsWay && !mayComeUp(error)) throw error;
        outage.begin(error.cause);
      }
    }
    await pauseUntil(deadline, terminal, `The system at ${where} could not be reached`);
  }
}

function sentenceFor(error: unknown, target: Target): string {
  const reason = reasonOf(error);
  if (isTopologyMissing(error))
    return `Something of stage ${target.stage} is missing (${reason}); npm run doctor says what.`;
  if (isDenied(error))
    return `${whereOf(target)} refuses this command (${reason}): check its credentials and permissions.`;
  return `The system at ${whereOf(target)} cannot be reached any more (${reason}).`;
}

/** Turns an expected problem into a sentence for the user. Returns other errors unchanged. */
export function toOperatorError(error: unknown, target: Target): unknown {
  if (error instanceof OperatorError || !isUnavailable(error)) return error;
  return new OperatorError(sentenceFor(error, target), { cause: error });
}
