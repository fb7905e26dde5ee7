import { connectionReset } from './aws/aws-errors.js';

/** A function creates a new error per call, as the SDK does. */
export type Fault = Error | (() => Error);

export type FaultSwitches<Operation extends string> = {
  /** The next `times` calls of the operation fail without being applied. */
  failNext(operation: Operation, fault: Fault, times?: number): void;
  /** Every call of the operation, or of all with '*', fails without being applied until `heal()`. */
  failAlways(operation: Operation | '*', fault: Fault): void;
  /** The next `times` calls are applied, but fail with a broken connection. */
  applyThenLoseAnswer(operation: Operation, times?: number): void;
  /** The next `times` entries of a batch operation fail with this code. The call itself succeeds. */
  rejectEntriesNext(operation: Operation, code: string, times?: number): void;
  heal(): void;
};

/** The planned faults of one call. */
type TakenFault = { error: Error | undefined; loseAnswer: Error | undefined };

export type Faults<Operation extends string> = {
  switches: FaultSwitches<Operation>;
  take(operation: Operation): TakenFault;
  takeEntry(operation: Operation): string | undefined;
};

function errorOf(fault: Fault): Error {
  return typeof fault === 'function' ? fault() : fault;
}

/** A FIFO queue of planned faults per operation. */
function createPlan<Operation extends string, Planned>() {
  const planned = new Map<Operation, Planned[]>();
  return {
    add(operation: Operation, what: Planned, times: number): void {
      planned.set(operation, [...(planned.get(operation) ?? []), ...Array.from({ length: times }, () => what)]);
    },
    take: (operation: Operation): Planned | undefined => planned.get(operation)?.shift(),
    clear: () => {
      planned.clear();
    },
  };
}

export function createFaults<Operation extends string>(): Faults<Operation> {
  const calls = createPlan<Operation, { fault: Fault; applied: boolean }>();
  const entries = createPlan<Operation, string>();
  const always = new Map<Operation | '*', Fault>();

  const switches: FaultSwitches<Operation> = {
    failNext: (operation, fault, times = 1) => {
      calls.add(operation, { fault, applied: false }, times);
    },
    failAlways: (operation, fault) => {
      always.set(operation, fault);
    },
    applyThenLoseAnswer: (operation, times = 1) => {
      calls.add(operation, { fault: connectionReset, applied: true }, times);
    },
    rejectEntriesNext: (operation, code, times = 1) => {
      entries.add(operation, code, times);
    },
    heal: () => {
      calls.clear();
      entries.clear();
      always.clear();
    },
  };

  return {
    switches,
    take(operation) {
      const next = calls.take(operation);
      if (next?.applied) return { error: undefined, loseAnswer: errorOf(next.fault) };
      const fault = next?.fault ?? always.get(operation) ?? always.get('*');
      return { error: fault && errorOf(fault), loseAnswer: undefined };
    },
    takeEntry: (operation) => entries.take(operation),
  };
}
