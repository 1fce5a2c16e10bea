#!/usr/bin/env node
// The door of the checkout: `node scripts/run.mjs TASK [args]`, behind every npm script of package.json.
// It needs only Node (16 or newer) and npm; setup.mjs brings the rest. The task's exit code is the door's.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findNode, installDependencies, root, withLock } from './setup.mjs';

/** Each task: the programs that run one after the other; the last one gets the task's arguments. */
const tasks = {
  demo: [['scripts/build.mjs'], ['playground/src/main.ts']],
  test: [['scripts/build.mjs'], ['node_modules/vitest/vitest.mjs', 'run']],
  bench: [['scripts/build.mjs'], ['e2e/bench/main.ts']],
  'bench:control-plane': [['scripts/build.mjs'], ['e2e/bench/control-plane.ts']],
  chart: [['e2e/chart/main.ts']],
  'bench:nacos': [['scripts/build.mjs'], ['e2e/bench/nacos.ts']],
  'bench:nacos-clients': [['e2e/bench/nacos-clients.ts']],
  e2e: [['scripts/build.mjs'], ['e2e/cluster/main.ts']],
  'e2e:nacos': [['scripts/build.mjs'], ['e2e/nacos/main.ts']],
  conformance: [['scripts/build.mjs'], ['e2e/conformance/main.ts']],
  suites: [['scripts/build.mjs'], ['e2e/suites/main.ts']],
  lanectl: [['lanectl/src/main.ts']],
  lint: [['scripts/lint.mjs']],
  format: [['node_modules/prettier/bin/prettier.cjs', '--write', '--log-level', 'warn', '.']],
  typecheck: [['node_modules/typescript/bin/tsc', '-b', '--pretty']],
  'check-imports': [['scripts/check-imports.mjs']],
  build: [['scripts/build.mjs']],
  images: [['scripts/build.mjs'], ['scripts/images.mjs']],
  setup: [],
};

function fail(text, code = 1) {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}

/**
 * Runs one program with this terminal; resolves with its exit code. Signals go on to it and this process waits for it to end:
 * a task tidies up on Ctrl-C. On a terminal Ctrl-C has reached the whole foreground group already, so it is not sent twice.
 */
function runProgram(node, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' });
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.removeListener(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

async function main() {
  const [task, ...rest] = process.argv.slice(2);
  if (task === undefined || !Object.hasOwn(tasks, task)) {
    fail(`usage: node scripts/run.mjs TASK [arguments]\ntasks: ${Object.keys(tasks).join(', ')}`, 64);
  }
  const programs = tasks[task];
  const missing = programs.find(
    ([file]) => !file.startsWith('node_modules/') && !existsSync(join(root, file)),
  );
  if (missing) fail(`the task '${task}' needs ${missing[0]}, which this checkout does not have`);
  const { node, env } = await withLock(async () => {
    const found = await findNode();
    const environment = { ...process.env, PATH: `${dirname(found)}${delimiter}${process.env.PATH}` };
    await installDependencies(found, environment);
    return { node: found, env: environment };
  });
  for (const [index, program] of programs.entries()) {
    const isLast = index === programs.length - 1;
    const code = await runProgram(node, [...program, ...(isLast ? rest : [])], env);
    if (code !== 0) process.exit(code);
  }
}

main().catch((error) => fail(error.message));
