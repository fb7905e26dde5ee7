/** A copy of these properties, in this order. */
export function pick<Source extends object, Name extends keyof Source>(
  source: Source,
  ...names: Name[]
): Pick<Source, Name> {
  return Object.fromEntries(names.map((name) => [name, source[name]])) as Pick<Source, Name>;
}
