/** A broken promise. */
export class Violation extends Error {}

export function demand(holds: boolean, promise: string, details: object = {}): void {
  if (!holds) throw new Violation(`${promise}: ${JSON.stringify(details)}`);
}
