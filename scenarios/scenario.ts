import type { Sandbox } from './support/sandbox.js';
import type { Story } from './support/story.js';

/** A failure that is reproduced, observed, diagnosed and fixed on a separate system. */
export type Scenario = {
  /** The name on the command line, and of its folder. */
  name: string;
  /** One line for the list. */
  summary: string;
  /** What it teaches, in one or two sentences, printed at its end. */
  lesson: string;
  /** The section of the docs that explains it: path from the project's root, and anchor. */
  readOn: string;
  /** False when it needs containers. */
  runsEmbedded: boolean;
  /** @throws StoryBroken when the symptom does not show, or the fix does not work */
  play: (story: Story, sandbox: Sandbox) => Promise<void>;
};
