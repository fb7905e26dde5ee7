import type { ConformanceCase } from './conformance-case.js';
import { DELETES } from './sqs/deletes.js';
import { RECEIVES } from './sqs/receives.js';
import { REDRIVES } from './sqs/redrives.js';

export const SQS_CASES: ConformanceCase[] = [...RECEIVES, ...REDRIVES, ...DELETES];
