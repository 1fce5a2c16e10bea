import { runCommand } from './iptables.ts';
import { redirect } from './redirect.ts';

process.exitCode = redirect({
  args: process.argv.slice(2),
  env: process.env,
  run: runCommand,
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
});
