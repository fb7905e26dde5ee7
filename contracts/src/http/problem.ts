import { Type } from 'class-transformer';
import { IsArray, IsInt, IsString, Max, Min, ValidateNested } from 'class-validator';
import { Optional } from '../optional.js';

export class ProblemEntry {
  /** Where in the request the problem lies, as `items[0].quantity`; '' for the whole body. */
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

  /** Machine-readable, as VALIDATION_FAILED. */
  @IsString()
  code!: string;

  @IsString()
  correlationId!: string;

  /** Only when status is 400. Of more than 500 the last one says how many are not listed. */
  @Optional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ProblemEntry)
  errors?: ProblemEntry[];
}
