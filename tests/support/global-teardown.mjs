import { removeLeftovers } from './test-run.mjs';

export default removeLeftovers;
