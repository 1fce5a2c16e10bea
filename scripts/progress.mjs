// What the door tells a person while it works, on stderr, so that a task's own output stays clean. Node 16 or newer.
import { spawn } from 'node:child_process';

const isTerminal = Boolean(process.stderr.isTTY);
/** Steps shorter than this show no clock on a terminal. */
const quietMs = 2_000;
/** Without a terminal (CI, a pipe) a long step says that it lives this often. */
const heartbeatMs = 15_000;

export function say(text) {
  process.stderr.write(isTerminal ? `\u001b[2m· ${text}\u001b[0m\n` : `· ${text}\n`);
}

/** Shows `text` and, while it goes on, the seconds it has taken. Returns what ends it, with the last word on the line. */
export function startProgress(text) {
  const started = Date.now();
  const seconds = () => ((Date.now() - started) / 1000).toFixed(isTerminal ? 0 : 1);
  const draw = (tail) => process.stderr.write(`\r\u001b[2K\u001b[2m· ${text}${tail}\u001b[0m`);
  if (isTerminal) draw(' …');
  else say(text);
  const timer = setInterval(
    () => {
      if (!isTerminal) say(`  still at it after ${seconds()} s`);
      else if (Date.now() - started >= quietMs) draw(` … ${seconds()} s`);
    },
    isTerminal ? 1_000 : heartbeatMs,
  );
  return (outcome) => {
    clearInterval(timer);
    const last = `${outcome} in ${((Date.now() - started) / 1000).toFixed(1)} s`;
    if (isTerminal) process.stderr.write(`\r\u001b[2K\u001b[2m· ${text}: ${last}\u001b[0m\n`);
    else say(`  ${last}`);
  };
}

/** Runs a set-up command without a terminal of its own; its output is shown only when it fails. Rejects then. */
export function step(text, command, args, options = {}) {
  const finish = startProgress(text);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    // Not left running behind a door that is gone: its half-done work would meet the next run's.
    const end = (signal) => child.kill(signal);
    for (const signal of signals) process.on(signal, end);
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    const fail = (why) => {
      finish('failed');
      process.stderr.write(Buffer.concat(output));
      reject(new Error(`${command} ${args.join(' ')}: ${why}`));
    };
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, signal) => {
      for (const name of signals) process.removeListener(name, end);
      if (code !== 0) return fail(signal === null ? `exit code ${code}` : `ended by ${signal}`);
      finish('done');
      return resolve(Buffer.concat(output).toString('utf8'));
    });
  });
}
