/** What was last said of each of a bounded number of things; the one that was said first is forgotten first. */
export type Recent<Value> = {
  get(id: string): Value | undefined;
  set(id: string, value: Value): void;
};

/** More than can be in flight at a process. */
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
