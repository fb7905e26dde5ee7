import type { ConformanceCase } from './conformance-case.js';
import { ANSWER_CASES } from './eventbridge/answers.js';
import { PATTERN_CASES } from './eventbridge/patterns.js';
import { TEMPLATE_CASES } from './eventbridge/template.js';

export const EVENTBRIDGE_CASES: ConformanceCase[] = [...PATTERN_CASES, ...ANSWER_CASES, ...TEMPLATE_CASES];
