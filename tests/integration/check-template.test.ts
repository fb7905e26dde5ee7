/** `npm run check -- template` fails on a finding of either tool. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runToEnd } from '../../tools/local/run-to-end.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The first run installs both tools. */
const TIMEOUT_MS = 300_000;

const template = (topic: string) => `AWSTemplateFormatVersion: '2010-09-09'
Description: A topic.
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: ${topic}
`;
const TEMPLATES = {
  good: template('{ KmsMasterKeyId: alias/aws/sns }'),
  open: template('{ TopicName: open }'),
  misspelt: template('{ KmsMasterKeyId: alias/aws/sns, TopicNam: misspelt }'),
};

describe('the check of the templates', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'orderflow-templates-'));
    for (const [name, text] of Object.entries(TEMPLATES)) writeFileSync(join(folder, `${name}.yaml`), text);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const check = async (...names: (keyof typeof TEMPLATES)[]) => {
    const files = names.map((name) => join(folder, `${name}.yaml`));
    const { status, stdout, stderr } = await runToEnd(
      process.execPath,
      [join(root, 'tools/check-template.mjs'), ...files],
      { cwd: root },
    );
    return { status, output: `${stdout}${stderr}` };
  };

  it.concurrent(
    'passes a template without findings',
    async () => {
      expect(await check('good')).toMatchObject({ status: 0, output: expect.stringContaining('Failed checks: 0') });
    },
    TIMEOUT_MS,
  );

  it.concurrent(
    'fails on a finding of each tool, and names the tool, the resource and the rule',
    async () => {
      const { status, output } = await check('good', 'open', 'misspelt');
      expect(status).toBe(1);
      expect(output).toMatch(/CKV_AWS_26: .*\n\s+FAILED for resource: AWS::SNS::Topic\.Topic\n\s+File: .*open\.yaml/);
      expect(output).toMatch(/E3002 .*'TopicNam'.*\n.*misspelt\.yaml/);
      expect(output).not.toContain('good.yaml');
      expect(output).toContain('A template does not pass cfn-lint and checkov.');
    },
    TIMEOUT_MS,
  );
});
