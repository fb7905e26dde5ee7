import { IsBoolean, Matches } from 'class-validator';
import { IsText } from './text.js';

/** Why an order or a notification ended FAILED. */
export class Failure {
  /** Machine-readable, as OUT_OF_STOCK. */
  @Matches(/^[A-Z][A-Z0-9_]{0,63}$/)
  code!: string;

  @IsText(1000)
  message!: string;

  /** Whether an operator's replay may start it again. */
  @IsBoolean()
  retriable!: boolean;
}
