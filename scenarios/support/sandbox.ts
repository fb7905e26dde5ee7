import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BreakableSystem, SystemOptions } from './breakable-system.js';
import { composeBreakable } from './compose-breakable.js';
import { startEmbeddedBreakable } from './embedded-breakable.js';
import type { Story } from './story.js';

/** Where a scenario runs. Disposing it removes everything that it started. */
export type Sandbox = {
  mode: 'compose' | 'embedded';
  /** Starts a system, after building its images. */
  start: (options?: SystemOptions) => Promise<BreakableSystem>;
  /** A Compose project that the scenario starts itself. */
  project: (options?: SystemOptions) => BreakableSystem;
  /** Exports variables to the following commands. */
  setVariables: (variables: Record<string, string>) => void;
  variables: Readonly<Record<string, string>>;
  /** A temporary folder. */
  folder: () => Promise<string>;
  /** Runs in reverse order. */
  onDispose: (undo: () => unknown) => void;
  /** All systems so far. */
  systems: readonly BreakableSystem[];
  /** @throws AggregateError when something could not be removed */
  dispose: () => Promise<void>;
};

/** @param auth whether the API of its systems asks for access tokens */
export function createSandbox(mode: Sandbox['mode'], story: Story, auth = false): Sandbox {
  const undos: (() => unknown)[] = [];
  const systems: BreakableSystem[] = [];
  const variables: Record<string, string> = {};
  const onDispose = (undo: () => unknown): void => {
    undos.push(undo);
  };

  function keep(system: BreakableSystem): BreakableSystem {
    systems.push(system);
    onDispose(() => system.dispose());
    return system;
  }

  return {
    mode,
    systems,
    onDispose,
    variables,
    setVariables: (more) => {
      Object.assign(variables, more);
      const settings = Object.entries(more).map(([name, value]) => `${name}=${value}`);
      story.say(`$ export ${settings.join(' ')}`);
    },
    project: (options) => keep(composeBreakable(story, { ...options, auth })),
    start: async (options) => {
      if (mode === 'embedded') return keep(await startEmbeddedBreakable(story, { ...options, auth }));
      const system = keep(composeBreakable(story, { ...options, auth }));
      await system.start();
      return system;
    },
    folder: async () => {
      const path = await mkdtemp(join(tmpdir(), 'orderflow-scenario-'));
      onDispose(() => rm(path, { recursive: true, force: true }));
      return path;
    },
    dispose: async () => {
      const problems: unknown[] = [];
      for (let undo = undos.pop(); undo; undo = undos.pop()) {
        try {
          await undo();
        } catch (error) {
          problems.push(error);
        }
      }
      if (problems.length > 0) throw new AggregateError(problems, 'not everything could be removed');
    },
  };
}
