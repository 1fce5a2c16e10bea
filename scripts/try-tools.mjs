// After an installation: starts every tool that has a native part. A package manager leaves such a part out without failing when
// it could not be fetched, and the tool would fail later with a riddle.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './setup.mjs';

const programs = {
  esbuild: ['node_modules/esbuild/bin/esbuild', '--version'],
  typescript: ['node_modules/typescript/bin/tsc', '--version'],
  oxlint: ['node_modules/oxlint/bin/oxlint', '--version'],
  vitest: ['node_modules/vitest/vitest.mjs', '--version'],
};

const broken = [];
for (const [name, args] of Object.entries(programs)) {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0)
    broken.push(`${name}: ${stderr.split('\n').find((line) => line.includes('Error')) ?? stderr.trim()}`);
}
try {
  createRequire(join(root, 'sidecar/package.json'))('koffi');
} catch (error) {
  broken.push(`koffi: ${error.message}`);
}
if (broken.length > 0) {
  process.stderr.write(
    `${broken.join('\n')}\nTheir part for ${process.platform}-${process.arch} was probably not fetched; run the command again.\n`,
  );
  process.exitCode = 1;
}
