import { IsBoolean, Matches } from 'class-validator';
import { Optional } from './optional.js';
import { IsText } from './text.js';

export const MAX_FAILURE_CODE = 64;

export const FAILURE_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

export const MAX_FAILURE_MESSAGE = 1_000;

/** Why an order or a notification ended FAILED. */
export class Failure {
  /** Machine-readable, such as OUT_OF_STOCK. */
  @Matches(FAILURE_CODE)
  code!: string;

  @IsText(MAX_FAILURE_MESSAGE)
  message!: string;

  /** Whether an operator's replay may start it again. */
  @IsBoolean()
  retriable!: boolean;

  /** True: the warehouse confirmed that it ships nothing for this order. Only after attempts that were given up. */
  @Optional()
  @IsBoolean()
  cancelled?: boolean;
}
