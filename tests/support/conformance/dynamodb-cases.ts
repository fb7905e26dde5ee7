import type { ConformanceCase } from './conformance-case.js';
import { BATCHES } from './dynamodb/batches.js';
import { INDEX_READS } from './dynamodb/index-reads.js';
import { READS_BY_KEY } from './dynamodb/reads-by-key.js';
import { STATEMENTS } from './dynamodb/statements.js';

export const DYNAMODB_CASES: ConformanceCase[] = [...STATEMENTS, ...BATCHES, ...INDEX_READS, ...READS_BY_KEY];
