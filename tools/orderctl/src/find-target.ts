import { STAGE_PATTERN } from '@orderflow/contracts';
import { OperatorError } from './operator-error.js';
import { unlessInterrupted, type Deadline, type Terminal } from './terminal.js';

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

type Credentials = { accessKeyId: string; secretAccessKey: string };

/** tools/local/find-system.mjs, bound to the root and the environment. */
export type Surroundings = {
  env: NodeJS.ProcessEnv;
  /** A variable from the shell or .env; undefined when unset or empty. */
  setting: (variable: string) => string | undefined;
  /**
   * The running system. `foundBy` is for messages.
   * @throws with `fix`, when none or several run; `mayCome` when waiting may help
   */
  find: (part: 'api' | 'endpoint') => Promise<{ url: string; foundBy: string }>;
  credentialsAt: (endpoint: string) => Credentials;
  answers: (url: string) => Promise<boolean>;
};

/** Every emulator uses it. AWS_REGION applies to AWS only. */
const EMULATOR_REGION = 'us-east-1';
const RETRY_MS = 1_000;
const HOW_TO_SAY_API = 'name its API with --api URL.';
export const HOW_TO_SAY = 'name it with --endpoint URL or AWS_ENDPOINT_URL, or use --aws for AWS.';

class NothingRuns extends OperatorError {}

/**
 * Finds the system that runs here.
 * @param elsewhere what to do about a system that runs elsewhere
 * @throws OperatorError when none or several run
 */
async function findHere(
  part: 'api' | 'endpoint',
  { find }: Surroundings,
  elsewhere: string,
): ReturnType<Surroundings['find']> {
  try {
    return await find(part);
  } catch (error) {
    const { message, fix, mayCome } = error as Error & { fix?: string; mayCome?: boolean };
    if (fix === undefined) throw error;
    const Problem = mayCome ? NothingRuns : OperatorError;
    throw new Problem(`${message}\n\nWhat to do: ${fix} If it runs elsewhere, ${elsewhere}`, { cause: error });
  }
}

function requireHttp(url: string, otherwise: string): void {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new OperatorError(otherwise);
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
    if (options.endpoint !== undefined) throw new OperatorError('Use either --aws or --endpoint URL, not both.');
    const named = [env.AWS_REGION, env.AWS_DEFAULT_REGION].find((name) => name?.trim())?.trim();
    return { stage, region: named ?? 'us-east-1', endpoint: undefined, credentials: undefined };
  }
  const region = EMULATOR_REGION;
  if (given !== undefined) {
    requireHttp(given, 'The endpoint must be an http(s) URL such as http://127.0.0.1:4566.');
    return { stage, region, endpoint: given, credentials: credentialsAt(given) };
  }
  const { url, foundBy } = await findHere('endpoint', surroundings, HOW_TO_SAY);
  return { stage, region, endpoint: url, credentials: credentialsAt(url), foundBy };
}

/**
 * Tries until it works, for commands that run until stopped.
 * @param onFailure throws when waiting would not help
 * @throws OperatorError saying `late` when the time is over
 */
export async function tryPatiently<T>(
  terminal: Terminal,
  { deadline, late }: { deadline: Deadline | undefined; late: string },
  attempt: () => Promise<T>,
  onFailure: (error: unknown) => void,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!deadline?.signal.aborted) onFailure(error);
    }
    try {
      await unlessInterrupted(terminal, terminal.pause(RETRY_MS), deadline);
    } catch (error) {
      terminal.signal.throwIfAborted();
      throw new OperatorError(`${late} within ${(deadline?.withinMs ?? 0) / 1_000} s.`, { cause: error });
    }
  }
}

/** Like `findTarget`, but waits for a system to start. */
export function findTargetPatiently(
  options: TargetOptions,
  surroundings: Surroundings,
  terminal: Terminal,
  deadline?: Deadline,
): Promise<Target> {
  let isStarting = false;
  const find = async () => ({ ...(await findTarget(options, surroundings)), isStarting });
  return tryPatiently(terminal, { deadline, late: 'No system has run here' }, find, (error) => {
    if (!(error instanceof NothingRuns)) throw error;
    if (!isStarting) terminal.err(`${error.message}\nWaiting until one runs here.\n`);
    isStarting = true;
  });
}

/**
 * The API's address: as named, otherwise that of the running system.
 * @throws OperatorError when nothing answers where it is named, and when none or several run here
 */
export async function findApi(
  { api }: { api?: string },
  surroundings: Surroundings,
): Promise<{ url: string; foundBy?: string }> {
  const { env, answers } = surroundings;
  const named = api ?? (env.API_URL?.trim() ? env.API_URL.trim() : undefined);
  if (named === undefined) return findHere('api', surroundings, HOW_TO_SAY_API);
  requireHttp(named, 'The API must be an http(s) URL such as http://127.0.0.1:3000.');
  // Without a slash at the end, or the path of orders.
  const url = named.replace(/\/+$/, '').replace(/\/api\/orders$/, '');
  if (await answers(`${url}/health/live`)) return { url };
  throw new OperatorError(`No API answers at ${url}: start the system, or ${HOW_TO_SAY_API}`);
}
