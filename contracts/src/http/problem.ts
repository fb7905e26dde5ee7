import { IsInt, IsString, Max, Min } from 'class-validator';
import { IsNestedList, Optional } from '../properties.js';

export class ProblemEntry {
  /** Where the problem is, for example `items[0].quantity`; '' for the whole body. */
  @IsString()
  path!: string;

  @IsString()
  message!: string;
}

/** Error body of every route, as application/problem+json (RFC 9457). */
export class Problem {
  @IsString()
  type!: string;

  @IsString()
  title!: string;

  @IsInt()
  @Min(400)
  @Max(599)
  status!: number;

  @IsString()
  detail!: string;

  /** Path of the request. */
  @IsString()
  instance!: string;

  /** Machine-readable, for example VALIDATION_FAILED. */
  @IsString()
  code!: string;

  @IsString()
  correlationId!: string;

  /** Only when status is 400. If there are more than 500, the last entry gives the number of the rest. */
  @Optional(IsNestedList(() => ProblemEntry))
  errors?: ProblemEntry[];
}
