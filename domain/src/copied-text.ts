/** A copy of the first `max` characters. A slice would keep the whole text in memory for as long as its start. */
export function copyStart(text: string, max: number): string {
  // A character has at most two code units.
  const characters = Array.from(text.slice(0, 2 * max));
  return characters.slice(0, max).join('');
}
