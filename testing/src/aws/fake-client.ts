import { setImmediate } from 'node:timers/promises';
import { aborted } from './aws-errors.js';
import { createFaults, type FaultSwitches } from '../faults.js';
import { copy } from './values.js';

export type CallContext = {
  abortSignal: AbortSignal | undefined;
  /** The error code planned for the next entry of this batch call, if any. */
  takeEntryFault: () => string | undefined;
};

/** The supported parameters and the implementation. Other parameters throw. */
type Operation<Input> = {
  parameters: readonly (keyof Input & string)[];
  run(input: Input, context: CallContext): object | Promise<object>;
};

export type Operations<Inputs> = { [Name in keyof Inputs & string]: Operation<Inputs[Name]> };

type RecordedCall<Inputs> = {
  [Name in keyof Inputs & string]: { operation: Name; input: Inputs[Name] };
}[keyof Inputs & string];

/** `Inputs` maps operation names (command names without `Command`) to inputs. */
export type FakeClient<Client extends { send: unknown }, Inputs> = FaultSwitches<keyof Inputs & string> & {
  /** The type of the SDK's `send`, so that the fake can be passed as a `Pick<Client, 'send'>`. */
  send: Client['send'];
  /** All calls in order, including failed ones, with copies of their inputs. */
  calls: RecordedCall<Inputs>[];
  /** The inputs of one operation's calls. */
  callsOf<Name extends keyof Inputs & string>(operation: Name): Inputs[Name][];
};

function refuseUnknownParameters(operation: string, input: object, known: readonly string[]): void {
  const unknown = Object.entries(input).filter(([name, value]) => value !== undefined && !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`The fake ${operation} does not cover the parameter ${unknown.map(([name]) => name).join(', ')}`);
  }
}

export function createFakeClient<Client extends { send: unknown }, Inputs>(
  operations: Operations<Inputs>,
): FakeClient<Client, Inputs> {
  type Name = keyof Inputs & string;
  const faults = createFaults<Name>();
  const calls: RecordedCall<Inputs>[] = [];

  async function send(command: { input: object }, options: { abortSignal?: AbortSignal } = {}): Promise<object> {
    const name = command.constructor.name.replace(/Command$/, '');
    if (!Object.hasOwn(operations, name)) throw new Error(`The fake does not cover the operation ${name}`);
    const operation = name as Name;
    const definition = operations[operation];
    // The command's class fixes the type of its input.
    const input = copy(command.input) as Inputs[Name];
    refuseUnknownParameters(name, command.input, definition.parameters);
    calls.push({ operation, input: copy(input) });
    const fault = faults.take(operation);

    // A network never answers in the same turn. Code that starves timers must starve here, too.
    await setImmediate();
    if (options.abortSignal?.aborted) throw aborted();
    if (fault.error) throw fault.error;
    const output = await definition.run(input, {
      abortSignal: options.abortSignal,
      takeEntryFault: () => faults.takeEntry(operation),
    });
    if (fault.loseAnswer) throw fault.loseAnswer;
    return {
      $metadata: { httpStatusCode: 200, requestId: 'fake', attempts: 1, totalRetryDelay: 0 },
      ...output,
    };
  }

  return {
    ...faults.switches,
    calls,
    callsOf: (operation) =>
      calls.flatMap((call) => (call.operation === operation ? [call.input as Inputs[typeof operation]] : [])),
    // The SDK's `send` is overloaded for callbacks and infers its output from the command.
    send: send,
  };
}
