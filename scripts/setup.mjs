// Brings what a task needs, each once, into .cache/: a Node new enough, pnpm at its pinned version, the locked dependencies.
// When all is there it uses no network. A stamp is written after a step has succeeded, never before, so that an interrupted
// one is done again; a lock keeps a second run waiting while the first one installs. Node 16 or newer.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say, step } from './progress.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, '.cache');
const lockFile = join(cache, 'setup.lock');

/** Node releases that run TypeScript files without a flag: 22.18, 23.6 and everything from 24 on. */
export function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

function digestOf(files) {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`);
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

function isStamped(stamp, digest) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Takes the lock, or says who has it. A lock whose owner is gone (killed, power cut) is taken over. */
function tryLock() {
  mkdirSync(cache, { recursive: true });
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return undefined;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  let owner = Number.NaN;
  try {
    owner = Number(readFileSync(lockFile, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (owner > 0 && !isAlive(owner)) rmSync(lockFile, { force: true });
  return owner;
}

/** Runs `work` while no other run of this checkout sets anything up. */
export async function withLock(work) {
  let told = false;
  for (let owner = tryLock(); owner !== undefined; owner = tryLock()) {
    if (!told)
      say(`waiting for another run that is setting up this checkout (process ${owner}; lock ${lockFile})`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const unlock = () => rmSync(lockFile, { force: true });
  process.once('exit', unlock);
  try {
    return await work();
  } finally {
    process.removeListener('exit', unlock);
    unlock();
  }
}

/** Installs toolchain/<name> by its own lock file into .cache/, once a lock file; returns its node_modules. */
async function fetchTool(name, what, check) {
  const source = join(root, 'toolchain', name);
  const home = join(cache, 'toolchain', name);
  const stamp = join(home, '.stamp');
  const digest = digestOf([join(source, 'package-lock.json')]);
  const modules = join(home, 'node_modules');
  if (isStamped(stamp, digest) && existsSync(modules)) return modules;
  mkdirSync(home, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(source, file), join(home, file));
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier'];
  const args = ['ci', '--ignore-scripts', '--include=optional', '--include=prod', ...quiet];
  await step(`fetching ${what} from the npm registry (once)`, 'npm', args, { cwd: home });
  await check(modules);
  writeFileSync(stamp, digest);
  return modules;
}

/** The pinned Node of toolchain/<name>: the path of its binary, fetched and tried first where it is not there yet. */
export async function fetchNode(name, why) {
  const platform = `${process.platform}-${process.arch}`;
  const wanted = JSON.parse(
    readFileSync(join(root, 'toolchain', name, 'package.json'), 'utf8'),
  ).optionalDependencies;
  const version = wanted[`node-${platform}`];
  if (version === undefined) {
    throw new Error(
      `${why}, and there is no pinned binary for ${platform}. Install Node 24 and run the command again.`,
    );
  }
  const binary = (modules) => join(modules, `node-${platform}`, 'bin', 'node');
  const modules = await fetchTool(name, `Node ${version} (${why})`, (fetched) =>
    step(`trying Node ${version}`, binary(fetched), ['--version']),
  );
  return binary(modules);
}

/** The Node that runs everything: this one when it is new enough, else the pinned one. */
export function findNode() {
  if (isNewEnough(process.versions.node)) return Promise.resolve(process.execPath);
  return fetchNode('node', `this one is ${process.versions.node}, and Lanekeeper needs 22.18 or newer`);
}

function manifests() {
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  for (const line of readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8').split('\n')) {
    const member = /^ {2}- (\S+)$/.exec(line);
    if (member) files.push(join(member[1], 'package.json'));
  }
  return files.map((file) => join(root, file));
}

/** What npm was told of the network (it hands that to its scripts), in the words that pnpm understands. */
function npmSettings({
  npm_config_registry: registry,
  npm_config_cafile: cafile,
  NODE_EXTRA_CA_CERTS: known,
}) {
  return {
    ...(registry ? { pnpm_config_registry: registry } : {}),
    ...(cafile && !known ? { NODE_EXTRA_CA_CERTS: cafile } : {}),
  };
}

/** Installs the locked dependencies when the lock file or a manifest has changed, or when they are gone. */
export async function installDependencies(node, environment) {
  const digest = digestOf(manifests());
  const stamp = join(cache, 'install.stamp');
  const installed = join(root, 'node_modules');
  if (existsSync(join(installed, '.modules.yaml')) && isStamped(stamp, digest)) return;
  rmSync(stamp, { force: true });
  const modules = await fetchTool('pnpm', 'pnpm', () => undefined);
  const pnpm = join(modules, 'pnpm', 'bin', 'pnpm.mjs');
  // Each package is held to the hash in the lock file; its age was judged when the lock file was made.
  const args = [
    pnpm,
    'install',
    '--frozen-lockfile',
    '--trust-lockfile',
    '--prefer-offline',
    '--reporter=append-only',
  ];
  // NODE_ENV=production would leave the tools out; CI=true lets pnpm rebuild node_modules without asking.
  const env = { ...environment, ...npmSettings(environment), NODE_ENV: '', CI: 'true' };
  await step('installing the locked dependencies', node, args, { cwd: root, env });
  const tryTools = () =>
    step('trying the tools', node, [join(root, 'scripts', 'try-tools.mjs')], { cwd: root, env });
  await tryTools().catch(async () => {
    // pnpm takes its own note for the truth and would not look again: once more, from nothing.
    rmSync(installed, { recursive: true, force: true });
    await step('installing them again', node, args, { cwd: root, env });
    await tryTools();
  });
  writeFileSync(stamp, digest);
}
