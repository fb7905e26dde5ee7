/** @import { FlowPoint } from '@orderflow/contracts' */

/** Marks closer than this hide their line. */
const MARK_SPACE_PX = 8;

/**
 * Whether each value gets a mark. With few orders, outcomes are seconds apart, and a single one has no line.
 * @param {ArrayLike<number | null | undefined>} values
 * @param {number} from index of the first that is in sight
 * @param {number} to index of the last
 * @param {number} widthPx
 */
export function areMarked(values, from, to, widthPx) {
  let count = 0;
  for (let index = from; index <= to; index++) count += values[index] == null ? 0 : 1;
  const hasGaps = count < to - from + 1;
  return (hasGaps || count === 1) && count * MARK_SPACE_PX <= widthPx;
}

/**
 * The newest value. With few orders, nothing ends for seconds or minutes.
 * @param {readonly FlowPoint[]} flow
 * @param {(point: FlowPoint) => number | undefined} read
 */
export const newestOf = (flow, read) => flow.map(read).findLast((value) => value !== undefined);
