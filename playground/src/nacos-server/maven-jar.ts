import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { whileAlone } from './build-lock.ts';
import { findJavaTools, type JavaTools } from './java-tools.ts';
import { runMaven, type MavenRun } from './run-maven.ts';

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
  readonly findTools?: () => Promise<JavaTools>;
}

/** The path of the project's jar: built once for each content of its sources, by one process at a time. */
export async function mavenJar(project: MavenProject, options: BuildOptions): Promise<string> {
  const { cache, tell = tellOnStderr, findTools = findJavaTools } = options;
  const home = join(cache, digestOf(project.folder));
  const jar = join(home, project.jar);
  if (existsSync(jar)) return jar;
  const lock = join(cache, 'build.lock');
  const waiting = (owner: number): void => tell(`waiting for process ${owner}, which builds (lock ${lock})`);
  return whileAlone(lock, waiting, async () => {
    if (!existsSync(jar)) await build(project, home, { maven: (await findTools()).maven, tell });
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
async function build(
  project: MavenProject,
  home: string,
  by: Pick<MavenRun, 'maven' | 'tell'>,
): Promise<void> {
  const workplace = join(home, `build-${process.pid}`);
  rmSync(workplace, { recursive: true, force: true });
  mkdirSync(workplace, { recursive: true });
  try {
    cpSync(join(project.folder, 'pom.xml'), join(workplace, 'pom.xml'));
    cpSync(join(project.folder, 'src'), join(workplace, 'src'), { recursive: true });
    await runMaven({ ...by, workplace, title: project.title });
    renameSync(join(workplace, 'target', project.jar), join(home, project.jar));
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
}
