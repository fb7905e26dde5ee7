import { ConfigError } from '@orderflow/platform/runtime/errors';
import { loadConfig } from '../../../services/api-gateway/src/config.js';

/** Why the API refuses to start with these variables; empty if it starts. */
export function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
