import { IsArray, IsString } from 'class-validator';
import { IsReference } from '../text.js';
import { Optional } from '../properties.js';

/** Who makes the request. Answer of GET /api/caller. */
export class CallerInfo {
  /** `sub` of the access token. Absent while no tokens are needed. */
  @Optional(IsString())
  subject?: string;

  /** The caller is this customer, and sees its data only. Absent: the caller sees everything. */
  @Optional(IsReference())
  customerId?: string;

  /** What the caller may do: scopes of this API, without the provider's prefix. */
  @IsArray()
  @IsString({ each: true })
  scopes!: string[];
}
