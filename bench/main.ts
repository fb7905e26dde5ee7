/** `npm run bench`: compares the system with its peers, or takes the measurement that an option names. */
import { misused } from '../tools/usage.mjs';

const MEASUREMENTS = {
  '--page': () => import('./page-memory.js'),
  '--plain': () => import('./plain.js'),
  '--profile': () => import('./profile.js'),
  '--soak': () => import('./soak.js'),
  '--startup': () => import('./startup.js'),
} as const;

const options = Object.keys(MEASUREMENTS) as (keyof typeof MEASUREMENTS)[];
const [chosen, ...others] = options.filter((option) => process.argv.includes(option));
if (others.length > 0) misused(`npm run bench -- [${options.join(' | ')}]`, 'Choose one measurement at a time.');

// Each program below reads its own options from the command line.
process.argv = process.argv.filter((argument) => argument !== chosen);
await (chosen ? MEASUREMENTS[chosen]() : import('./compare.js'));
