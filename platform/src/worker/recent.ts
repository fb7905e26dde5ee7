/** A map of limited size. When it is full, `set` removes the oldest entry. */
export type Recent<Value> = {
  get(id: string): Value | undefined;
  set(id: string, value: Value): void;
};

/** More than a process can have in flight. */
const MAX_REMEMBERED = 10_000;

export function createRecent<Value>(max = MAX_REMEMBERED): Recent<Value> {
  const values = new Map<string, Value>();
  return {
    get: (id) => values.get(id),
    set: (id, value) => {
      values.delete(id);
      values.set(id, value);
      const [oldest] = values.keys();
      if (values.size > max && oldest !== undefined) values.delete(oldest);
    },
  };
}
