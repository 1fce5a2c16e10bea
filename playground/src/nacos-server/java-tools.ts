import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { MissingToolError } from './missing-tool-error.ts';

export interface JavaTools {
  /** The `java` that runs what is built. */
  readonly java: string;
  readonly maven: string;
}

/** The release that the sources are compiled for; Nacos itself would do with 8. */
const OLDEST_JAVA = 17;
const TIMEOUT_MS = 60_000;

/** Looks for a JDK (in JAVA_HOME, else on the PATH) and Maven. Rejects with `MissingToolError`, which names all that is missing. */
export async function findJavaTools(env: NodeJS.ProcessEnv = process.env): Promise<JavaTools> {
  const home = env['JAVA_HOME'] ?? '';
  const inHome = (tool: string): string => (home === '' ? tool : join(home, 'bin', tool));
  const java = inHome('java');
  const maven = 'mvn';
  const [runs, compiles, builds] = await Promise.all([
    firstLines(java, ['-version'], env),
    firstLines(inHome('javac'), ['-version'], env),
    firstLines(maven, ['-version'], env),
  ]);
  const where = home === '' ? '' : ` (JAVA_HOME is ${home})`;
  const problems = [
    ...problemOfVersion(`Java${where}`, runs),
    ...problemOfVersion(`the Java compiler javac${where}`, compiles),
    ...(builds === undefined ? [`Maven is missing: there is no working mvn on the PATH`] : []),
  ];
  if (problems.length > 0) throw new MissingToolError(problems);
  return { java, maven };
}

function problemOfVersion(what: string, said: string | undefined): readonly string[] {
  if (said === undefined) return [`${what} is missing; ${OLDEST_JAVA} or newer is needed`];
  const release = releaseOf(said);
  if (release >= OLDEST_JAVA) return [];
  return [`${what} is too old: ${OLDEST_JAVA} or newer is needed, it says ${said.split('\n', 1)[0] ?? ''}`];
}

/** 17 of `openjdk version "17.0.15" 2025-04-15` and of `javac 17.0.15`, 8 of `java version "1.8.0_392"`. */
export function releaseOf(said: string): number {
  const [, first = '0', second = '0'] = /(?:version "|javac )(\d+)(?:\.(\d+))?/.exec(said) ?? [];
  return first === '1' ? Number(second) : Number(first);
}

/** Undefined where the program is missing or does not work. */
function firstLines(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    // Not the option of spawn: its timer goes on, and keeps the process alive, where the program does not exist.
    const timer = setTimeout(() => child.kill(), TIMEOUT_MS);
    const end = (lines: string | undefined): void => {
      clearTimeout(timer);
      resolve(lines);
    };
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', () => end(undefined));
    child.once('close', (code) => end(code === 0 ? said : undefined));
  });
}
