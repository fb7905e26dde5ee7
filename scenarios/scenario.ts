import type { Sandbox } from './support/sandbox.js';
import type { Story } from './support/story.js';

/** A failure that can be watched: made, seen, found and mended, on a system of its own. */
export type Scenario = {
  /** As on the command line; its folder has the same name. */
  name: string;
  /** One line for the list. */
  summary: string;
  /** What it teaches, in a sentence or two, said at its end. */
  lesson: string;
  /** The section of the docs that explains it: path from the project's root, and anchor. */
  readOn: string;
  /** False when it is about containers. */
  runsEmbedded: boolean;
  /** @throws StoryBroken when the symptom does not show, or the fix does not mend it */
  play: (story: Story, sandbox: Sandbox) => Promise<void>;
};
