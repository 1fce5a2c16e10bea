#!/usr/bin/env node
// The door of the checkout: `node scripts/run.mjs TASK [args]`, behind every npm script of package.json.
// It needs only Node (16 or newer) and npm. Before the task it brings what the task needs, each once, into .cache/:
// a Node new enough, pnpm at its pinned version, the locked dependencies. When all is there it uses no network.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const cache = join(root, '.cache');
const oldestMajor = 22;
const isTerminal = Boolean(process.stderr.isTTY);

const tasks = {
  demo: ['scripts/build.mjs', 'playground/src/main.ts'],
  test: ['scripts/build.mjs', 'node_modules/vitest/vitest.mjs run'],
  bench: ['scripts/build.mjs', 'e2e/bench/main.ts'],
  suites: ['scripts/build.mjs', 'e2e/suites/main.ts'],
  lint: ['scripts/lint.mjs'],
  format: ['node_modules/prettier/bin/prettier.cjs --write --log-level warn .'],
  typecheck: ['node_modules/typescript/bin/tsc -b --pretty'],
  'check-imports': ['scripts/check-imports.mjs'],
  build: ['scripts/build.mjs'],
  setup: [],
};

/** Says what is going on, on stderr, so that a task's own output stays clean. */
function say(text) {
  process.stderr.write(isTerminal ? `\u001b[2m· ${text}\u001b[0m\n` : `· ${text}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

/** Runs a set-up step; its output is shown only when it fails. */
function step(command, args, options) {
  const started = Date.now();
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (result.error || result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    fail(`${command} ${args.join(' ')} failed: ${result.error?.message ?? `exit ${result.status}`}`);
  }
  say(`  done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** Installs toolchain/<name> by its own lock file into .cache/, once a lock file; returns its node_modules. */
function fetchTool(name, what) {
  const source = join(root, 'toolchain', name);
  const home = join(cache, 'toolchain', name);
  const stamp = join(home, '.stamp');
  const digest = digestOf([join(source, 'package-lock.json')]);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
    say(`fetching ${what} from the npm registry (once)`);
    mkdirSync(home, { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(source, file), join(home, file));
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    step(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'], { cwd: home });
    writeFileSync(stamp, digest);
  }
  return join(home, 'node_modules');
}

/** The Node that runs everything: this one when it is new enough, else the pinned one. */
function findNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= 18)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const wanted = JSON.parse(readFileSync(join(root, 'toolchain/node/package.json'), 'utf8')).optionalDependencies;
  if (!(name in wanted)) {
    fail(
      `Lanekeeper needs Node ${oldestMajor}.18 or newer; this is ${process.versions.node}, and there is no pinned ` +
        `binary for ${process.platform}-${process.arch}. Install Node 24 and run the command again.`,
    );
  }
  const modules = fetchTool('node', `Node ${wanted[name]} (this one is ${process.versions.node}; 22.18 is the oldest that works)`);
  return join(modules, name, 'bin', 'node');
}

/** Installs the locked dependencies when the lock file, a manifest or the Node that they are for has changed. */
function installDependencies(node, env) {
  const manifests = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
  for (const line of readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8').split('\n')) {
    const member = /^ {2}- (\S+)$/.exec(line);
    if (member) manifests.push(join(member[1], 'package.json'));
  }
  const digest = digestOf(manifests.map((file) => join(root, file)));
  const stamp = join(cache, 'install.stamp');
  const modules = join(root, 'node_modules', '.modules.yaml');
  if (existsSync(modules) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  const pnpm = join(fetchTool('pnpm', 'pnpm'), 'pnpm', 'bin', 'pnpm.mjs');
  say('installing the locked dependencies');
  const args = [pnpm, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only', '--config.confirmModulesPurge=false'];
  step(node, args, { cwd: root, env });
  mkdirSync(cache, { recursive: true });
  writeFileSync(stamp, digest);
}

const [task, ...rest] = process.argv.slice(2);
if (task === undefined || !Object.hasOwn(tasks, task)) {
  fail(`usage: node scripts/run.mjs TASK [arguments]\ntasks: ${Object.keys(tasks).join(', ')}`);
}
const node = findNode();
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
installDependencies(node, env);
const commands = tasks[task];
commands.forEach((command, index) => {
  const isLast = index === commands.length - 1;
  const result = spawnSync(node, [...command.split(' '), ...(isLast ? rest : [])], { cwd: root, env, stdio: 'inherit' });
  if (result.error) fail(`${command}: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
});
