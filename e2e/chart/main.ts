// `npm run chart`: the tests of the Helm chart with Helm 3 and Helm 4, no cluster. UPDATE_GOLDENS=1 writes what it renders anew.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildHelm } from '../cluster/binaries.ts';
import { ROOT } from '../cluster/layout.ts';

try {
  await buildHelm();
} catch (error) {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `The tests of the chart need Helm 3 and Helm 4; they are built from source, once, and that failed. Expected Go 1.24 or newer and a network.\n${why}\n`,
  );
  process.exit(1);
}

const program = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const config = join(ROOT, 'e2e', 'chart', 'vitest.config.ts');
const child = spawn(process.execPath, [program, 'run', '--config', config, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
});
child.once('error', (error) => {
  throw error;
});
child.once('exit', (code) => process.exit(code ?? 1));
