import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { whileAlone } from './build-lock.ts';
import { guardProcess } from './guard-process.ts';
import { findJavaTools } from './java-tools.ts';

export interface MavenProject {
  /** For people. */
  readonly title: string;
  /** Holds pom.xml and src. */
  readonly folder: string;
  /** The file that Maven makes in target. */
  readonly jar: string;
}

export interface BuildOptions {
  /** Where what is built is kept. */
  readonly cache: string;
  /** Lines for people while it goes on; default: standard error. */
  readonly tell?: (line: string) => void;
}

const HEARTBEAT_MS = 15_000;
const KEPT_LINES = 40;

/** The path of the project's jar: built once for each content of its sources, by one process at a time. */
export async function mavenJar(project: MavenProject, options: BuildOptions): Promise<string> {
  const { cache, tell = tellOnStderr } = options;
  const home = join(cache, digestOf(project.folder));
  const jar = join(home, project.jar);
  if (existsSync(jar)) return jar;
  const lock = join(cache, 'build.lock');
  const waiting = (owner: number): void => tell(`waiting for process ${owner}, which builds (lock ${lock})`);
  return whileAlone(lock, waiting, async () => {
    if (!existsSync(jar)) await build(project, home, tell);
    return jar;
  });
}

function tellOnStderr(line: string): void {
  process.stderr.write(`· ${line}\n`);
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of [join(folder, 'pom.xml'), ...files]) {
    hash.update(file.slice(folder.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** Builds in a folder of its own, so that the checkout stays clean, and moves the jar to its place when it is whole. */
async function build(project: MavenProject, home: string, tell: (line: string) => void): Promise<void> {
  const { maven } = await findJavaTools();
  const workplace = join(home, `build-${process.pid}`);
  rmSync(workplace, { recursive: true, force: true });
  mkdirSync(workplace, { recursive: true });
  try {
    cpSync(join(project.folder, 'pom.xml'), join(workplace, 'pom.xml'));
    cpSync(join(project.folder, 'src'), join(workplace, 'src'), { recursive: true });
    await runMaven({ maven, workplace, title: project.title, tell });
    renameSync(join(workplace, 'target', project.jar), join(home, project.jar));
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}

interface MavenRun {
  readonly maven: string;
  readonly workplace: string;
  readonly title: string;
  readonly tell: (line: string) => void;
}

function runMaven({ maven, workplace, title, tell }: MavenRun): Promise<void> {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const lines: string[] = [];
  let fetched = 0;
  tell(`building ${title} with Maven (once)`);
  const heartbeat = setInterval(
    () => tell(`  still at it after ${seconds()}, ${fetched} files fetched`),
    HEARTBEAT_MS,
  );
  const args = ['--batch-mode', '-Dstyle.color=never', 'package'];
  return new Promise((resolve, reject) => {
    const child = spawn(maven, args, { cwd: workplace, stdio: ['ignore', 'pipe', 'pipe'] });
    const guard = child.pid === undefined ? undefined : guardProcess(child.pid, workplace);
    const read = (chunk: Buffer): void => {
      for (const line of chunk.toString().split('\n')) {
        if (/\bDownloaded from\b/.test(line)) fetched += 1;
        else if (line.trim() !== '') lines.push(line.trimEnd());
      }
      lines.splice(0, lines.length - KEPT_LINES);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    const end = (problem: string | undefined): void => {
      clearInterval(heartbeat);
      guard?.over();
      tell(`  ${problem === undefined ? 'done' : 'failed'} in ${seconds()}, ${fetched} files fetched`);
      if (problem === undefined) resolve();
      else reject(new Error(`building ${title}: ${problem}\n${lines.join('\n')}`));
    };
    child.once('error', (error) => end(`${maven} did not run: ${error.message}`));
    child.once('close', (code, signal) =>
      end(
        code === 0 ? undefined : `mvn package ended with ${signal ?? `exit code ${code}`}; its last lines:`,
      ),
    );
  });
}
