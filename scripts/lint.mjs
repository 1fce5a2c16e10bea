// `npm run lint`: oxlint with types (.oxlintrc.json, each ban with its reason), the softer budgets as advice that fails nothing
// (.oxlint-advice.json), and prettier's format. All three run, so that everything is told at once.
import { spawn } from 'node:child_process';
import { root } from './setup.mjs';

const oxlint = 'node_modules/oxlint/bin/oxlint';
/** For people the place in colours, for logs one line each. */
const format = process.stdout.isTTY ? 'default' : 'unix';
const checks = [
  { name: 'oxlint', args: [oxlint, '-f', format, ...process.argv.slice(2)], mayFail: true },
  {
    name: 'advice',
    args: [oxlint, '-c', '.oxlint-advice.json', '-f', 'unix', ...process.argv.slice(2)],
    mayFail: false,
  },
  {
    name: 'prettier',
    args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    mayFail: true,
  },
];

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', resolve);
  });
}

const failed = [];
for (const { name, args, mayFail } of checks) {
  process.stdout.write(`${name}:\n`);
  const code = await run(args);
  if (mayFail && code !== 0) failed.push(name);
}
process.stdout.write(
  failed.length === 0
    ? 'lint: fine\n'
    : `lint: ${failed.join(' and ')} found something; "npm run format" mends the format\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
