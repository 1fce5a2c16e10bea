import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { step } from './progress.mjs';
import { isNewEnough, root } from './setup.mjs';

test('takes a Node that runs TypeScript by itself and no older one', () => {
  for (const version of ['22.18.0', '22.23.3', '23.6.0', '24.0.0', '26.10.0'])
    expect(isNewEnough(version)).toBe(true);
  for (const version of ['16.20.2', '20.20.2', '22.17.1', '23.5.0']) expect(isNewEnough(version)).toBe(false);
});

test('a step hands back what it said, and tells why it failed', async () => {
  await expect(step('says', process.execPath, ['-p', '6 * 7'])).resolves.toBe('42\n');
  await expect(step('fails', process.execPath, ['-e', 'process.exit(3)'])).rejects.toThrow('exit code 3');
});

test('a task that does not exist is bad usage, and the tasks are named', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/run.mjs'), 'dance'], {
    encoding: 'utf8',
  });
  expect(status).toBe(64);
  expect(stderr).toContain('demo, test');
});
