import { beginRun, removeLeftovers } from './test-run.mjs';

export default function globalSetup() {
  beginRun();
  removeLeftovers();
}
