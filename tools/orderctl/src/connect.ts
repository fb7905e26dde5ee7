import { resourceNames, type ResourceNames } from '@orderflow/contracts';
import type { AwsClients } from '@orderflow/platform/aws/clients';
import { isDenied, isTopologyMissing, isUnavailable } from '@orderflow/platform/aws/error-kind';
import { createQueueUrls } from '@orderflow/platform/aws/queues';
import { HOW_TO_SAY, tryPatiently, type Target } from './find-target.js';
import { OperatorError } from './operator-error.js';
import { createOutage, reasonOf } from './outage.js';
import { unlessInterrupted, type Deadline, type Terminal } from './terminal.js';

export type ConnectedSystem = {
  stage: string;
  /** Its endpoint or AWS, for messages. */
  where: string;
  names: ResourceNames;
  aws: AwsClients;
  urlOf: (queue: string) => Promise<string>;
};

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
    const otherwise = `The system at ${where} cannot be reached (${reasonOf(error)}); is it up? If it is elsewhere, ${HOW_TO_SAY}`;
    const sentence = isTopologyMissing(error)
      ? `There is no stage ${stage} at ${where}: it has no queue ${names.orderQueue}. Name another with --stage, or deploy it.`
      : isDenied(error)
        ? sentenceFor(error, target)
        : otherwise;
    throw new OperatorError(sentence, { cause: error });
  }
  return { stage, where, names, aws, urlOf };
}

/** Like `connect`, but waits for the system and its stage. */
export async function connectPatiently(
  target: Target,
  aws: AwsClients,
  terminal: Terminal,
  deadline?: Deadline,
): Promise<ConnectedSystem> {
  const where = whereOf(target);
  const outage = createOutage(terminal, where);
  const late = `The system at ${where} could not be reached`;
  const attempt = () => connect(target, aws, terminal, deadline);
  const system = await tryPatiently(terminal, { deadline, late }, attempt, (error) => {
    if (!(error instanceof OperatorError)) throw error;
    const { cause } = error;
    // Waiting does not help against missing credentials or permissions, and against a missing stage only during a start.
    const canHelp = isTopologyMissing(cause)
      ? target.isStarting === true || outage.isOpen()
      : isUnavailable(cause) && !isDenied(cause);
    if (!canHelp) throw error;
    outage.begin(cause);
  });
  outage.end();
  return system;
}

function sentenceFor(error: unknown, target: Target): string {
  const reason = reasonOf(error);
  const where = whereOf(target);
  if (isTopologyMissing(error)) {
    return `Part of stage ${target.stage} is missing (${reason}); npm run doctor names it.`;
  }
  if (isDenied(error)) return `${where} refuses this command (${reason}): check its credentials and permissions.`;
  return `The system at ${where} cannot be reached any more (${reason}).`;
}

/** Turns an expected problem into a sentence for the user. Returns other errors unchanged. */
export function toOperatorError(error: unknown, target: Target): unknown {
  if (error instanceof OperatorError || !isUnavailable(error)) return error;
  return new OperatorError(sentenceFor(error, target), { cause: error });
}
