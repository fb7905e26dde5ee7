import { ConfigError } from '@orderflow/platform/runtime/errors';
import { expect, it } from '@jest/globals';
import { loadConfig } from '../config.js';

function problemsOf(origins: string): readonly string[] {
  try {
    loadConfig({ OIDC_PAGE_ORIGINS: origins });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

it.each(['', 'https://login.example.com', 'https://a.example:8443, https://B.example', 'http://localhost:3040'])(
  'OIDC_PAGE_ORIGINS may be %p',
  (origins) => {
    expect(problemsOf(origins)).toEqual([]);
  },
);

it.each([
  'login.example.com',
  'https://login.example.com/',
  'https://login.example.com/oauth2/token',
  'http://login.example.com',
  'https://*.example.com',
  'https://a;b.example',
  "https://login.example.com 'unsafe-inline'",
  'https://login.example.com; script-src *',
  'https://a.example,',
  'data:',
  'null',
])('OIDC_PAGE_ORIGINS may not be %p', (origins) => {
  expect(problemsOf(origins)).toEqual([expect.stringMatching(/^OIDC_PAGE_ORIGINS must be https origins/)]);
});
