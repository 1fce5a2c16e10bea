// Whether dist/ holds the bundles of these very sources. Needs nothing installed: a Dockerfile asks, too.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Packages whose files may end in a bundle. */
const bundled = [
  'protocol',
  'runtime',
  'mesh-file',
  'lint',
  'kubernetes',
  'nacos',
  'sidecar',
  'injector',
  'control-plane',
  'lanectl',
];
const scripts = ['scripts/build.mjs', 'scripts/bundle-extras.mjs'];

/** Holds the digest of the sources that the bundles were made of. */
export const stamp = join(root, 'dist', '.stamp');

export function digestOfInputs() {
  const inputs = bundled
    .filter((name) => existsSync(join(root, name, 'src')))
    .flatMap((name) => {
      const sources = readdirSync(join(root, name, 'src'), { recursive: true })
        .map((file) => join(name, 'src', file))
        .filter((file) => /(?<!\.test)\.(ts|html)$/.test(file) && !file.includes('/testdata/'));
      return [join(name, 'package.json'), ...sources.sort()];
    });
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of [...scripts, 'pnpm-lock.yaml', ...inputs])
    hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

export function areBundlesCurrent() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digestOfInputs();
}
