/** A map of limited size. When it is full, `set` removes the oldest entry. */
export class Recent<Value> extends Map<string, Value> {
  /** @param max by default, more than a process can have in flight */
  constructor(private readonly max = 10_000) {
    super();
  }

  override set(id: string, value: Value): this {
    this.delete(id);
    super.set(id, value);
    const [oldest] = this.keys();
    if (this.size > this.max && oldest !== undefined) this.delete(oldest);
    return this;
  }
}
