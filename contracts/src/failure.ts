import { IsBoolean, Matches } from 'class-validator';
import { Optional } from './properties.js';
import { IsText } from './text.js';

export const MAX_FAILURE_CODE = 64;

export const FAILURE_CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

export const MAX_FAILURE_MESSAGE = 1_000;

/** Why an order or a notification ended FAILED. */
export class Failure {
  /** Machine-readable, for example OUT_OF_STOCK. */
  @Matches(FAILURE_CODE)
  code!: string;

  @IsText(MAX_FAILURE_MESSAGE)
  message!: string;

  /** Whether an operator may replay it. */
  @IsBoolean()
  retriable!: boolean;

  /** True when the attempts were exhausted and the warehouse confirmed that it ships nothing. */
  @Optional(IsBoolean())
  cancelled?: boolean;
}
