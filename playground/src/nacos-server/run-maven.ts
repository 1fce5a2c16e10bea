import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { guardProcess } from './guard-process.ts';

export interface MavenRun {
  readonly maven: string;
  /** Holds pom.xml; goes with Maven where this process is killed. */
  readonly workplace: string;
  /** For people. */
  readonly title: string;
  readonly tell: (line: string) => void;
}

const HEARTBEAT_MS = 15_000;
const KEPT_LINES = 40;
const ARGS = ['--batch-mode', '-Dstyle.color=never', 'package'];

/** `mvn package`: tells how it goes on, and with its last lines why it failed. */
export async function runMaven(run: MavenRun): Promise<void> {
  const { title, tell } = run;
  const started = performance.now();
  const lines: string[] = [];
  let fetched = 0;
  const soFar = (): string =>
    `${((performance.now() - started) / 1000).toFixed(1)} s, ${fetched} files fetched`;
  const read = (line: string): void => {
    if (/\bDownloaded from\b/.test(line)) fetched += 1;
    else if (line.trim() !== '') lines.push(line.trimEnd());
    if (lines.length > KEPT_LINES) lines.shift();
  };
  tell(`building ${title} with Maven (once)`);
  const heartbeat = setInterval(() => tell(`  still at it after ${soFar()}`), HEARTBEAT_MS);
  const problem = await whenEnded(run, read).finally(() => clearInterval(heartbeat));
  tell(`  ${problem === undefined ? 'done' : 'failed'} in ${soFar()}`);
  if (problem !== undefined) throw new Error(`building ${title}: ${problem}\n${lines.join('\n')}`);
}

/** Undefined: it did what it had to. */
function whenEnded(
  { maven, workplace }: MavenRun,
  read: (line: string) => void,
): Promise<string | undefined> {
  const child = spawn(maven, ARGS, { cwd: workplace, stdio: ['ignore', 'pipe', 'pipe'] });
  const guard = child.pid === undefined ? undefined : guardProcess(child.pid, workplace);
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', read);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`${maven} did not run: ${error.message}`));
    child.once('close', (code, signal) => {
      guard?.over();
      const how = signal ?? `exit code ${code}`;
      resolve(code === 0 ? undefined : `mvn package ended with ${how}; its last lines:`);
    });
  });
}
