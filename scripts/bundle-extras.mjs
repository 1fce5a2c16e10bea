// What stands beside a bundle: packages that cannot be bundled, and the licences of everything that was.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Licences under which a dependency may be shipped inside an Apache-2.0 program; another one fails the build. */
const accepted = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  '(Apache-2.0 AND MIT)',
  // The public domain: stream-buffers, of the Kubernetes client.
  'Unlicense',
  // As free as MIT, by lawyers: graceful-fs, of the nacos package.
  'BlueOak-1.0.0',
]);

/** What manifests say otherwise than SPDX does, or not at all: the packages of github.com/nacos-group/nacos-sdk-nodejs, and one more. */
const meant = new Map([
  ['nacos', 'Apache-2.0'],
  ['nacos-naming', 'Apache-2.0'],
  ['nacos-config', 'Apache-2.0'],
  ['pause-stream', 'MIT'],
]);

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** The folder of an installed package as a file in `from` would find it, or undefined. */
function findPackage(name, from) {
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
  }
  return undefined;
}

/** Its C++ sources, documents and build tools are of no use at run time. */
function isNeededAtRunTime(source) {
  return !/\/(doc|vendor|lib)(\/|$)/.test(source) && !/\.(cc|hh|inc|S|asm|def|md|txt|d\.ts)$/.test(source);
}

/** Copies a package and, of its optional dependencies, those installed for this platform, unless that version is there. Returns their source folders. */
export function copyPackage(name, from, modules) {
  const source = findPackage(name, from);
  if (source === undefined)
    throw new Error(`${name} is not installed; run "npm run build" again after "npm run setup"`);
  const target = join(modules, name);
  const natives = Object.keys(readManifest(source).optionalDependencies ?? {});
  const installed = natives.filter((native) => findPackage(native, source) !== undefined);
  const folders = [source, ...installed.flatMap((native) => copyPackage(native, source, modules))];
  const isThere =
    existsSync(join(target, 'package.json')) && readManifest(target).version === readManifest(source).version;
  if (isThere) return folders;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target, {
    recursive: true,
    filter: (path) => isNeededAtRunTime(path.slice(source.length)),
  });
  return folders;
}

function packageFolderOf(root, input) {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  return match === null ? undefined : join(root, match[1]);
}

function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file === undefined
    ? 'No licence file is in the package; its manifest names the licence.'
    : readFileSync(join(folder, file), 'utf8').trim();
}

/** The text of LICENSES.txt: name, version, licence and licence text of each package in a bundle. */
export function licencesOf(root, inputs, copied) {
  const folders = new Set(copied);
  for (const input of inputs) {
    const folder = packageFolderOf(root, input);
    if (folder !== undefined) folders.add(folder);
  }
  const entries = [...folders].map((folder) => {
    const manifest = readManifest(folder);
    return { folder, ...manifest, license: meant.get(manifest.name) ?? manifest.license };
  });
  const refused = entries.filter(({ license }) => !accepted.has(license));
  if (refused.length > 0) {
    throw new Error(
      `licence not on the list of scripts/bundle-extras.mjs: ${refused.map(({ name, license }) => `${name} (${license})`).join(', ')}`,
    );
  }
  if (entries.length === 0) return 'No third-party code is in this bundle.\n';
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ folder, name, version, license }) => `${name} ${version}: ${license}\n\n${licenceText(folder)}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}
