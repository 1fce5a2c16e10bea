import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { residentMegabytes } from './memory.ts';
import type { FromControlPlane, FromSwarm, ToControlPlane, ToSwarm } from './control-plane-messages.ts';

type Message = FromControlPlane | FromSwarm;

/** One of the benchmark's processes, bundled as the programs are: what strips types at run time takes memory of its own. */
export class BenchProcess {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #heard: Message[] = [];
  readonly #waiting: { readonly kind: string; readonly take: (message: Message) => void }[] = [];

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    child.on('message', (message: Message) => this.#hear(message));
    child.on('exit', (code) => {
      if (code === null || code === 0) return;
      process.stderr.write(`a process of the benchmark has ended with ${code}\n`);
      process.exit(1);
    });
  }

  /** `flags` are Node's. */
  static async start(name: string, flags: readonly string[] = []): Promise<BenchProcess> {
    // Beside the packages, whose native parts and data files are looked for from there.
    const folder = mkdtempSync(join(import.meta.dirname, '..', 'node_modules', '.bench-'));
    const outfile = join(folder, `${name}.mjs`);
    const js = "import { createRequire as made } from 'node:module'; const require = made(import.meta.url);";
    await build({
      entryPoints: [join(import.meta.dirname, `${name}.ts`)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      mainFields: ['module', 'main'],
      banner: { js },
      logLevel: 'error',
    });
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    return new BenchProcess(fork(outfile, { stdio: [...stdio], execArgv: [...flags] }), folder);
  }

  tell(message: ToControlPlane | ToSwarm): void {
    this.#child.send(message);
  }

  /** The next message of that kind. */
  hear<M extends Message, K extends M['kind']>(kind: K): Promise<Extract<M, { kind: K }>> {
    return new Promise((resolve) => {
      const take = (message: Message): void => resolve(message as Extract<M, { kind: K }>);
      const index = this.#heard.findIndex((message) => message.kind === kind);
      const [found] = index < 0 ? [] : this.#heard.splice(index, 1);
      if (found === undefined) this.#waiting.push({ kind, take });
      else take(found);
    });
  }

  megabytes(): number {
    return residentMegabytes(this.#pid());
  }

  peakMegabytes(): number {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.#pid()}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) / 1024;
  }

  /** What it has used so far: says more than the clock where the machine has other things to do. */
  cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.#pid()}/stat`, 'utf8');
    // After the name in brackets: state is the first field, user and system time the 12th and 13th (proc(5)), 100 a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  end(): void {
    this.#child.disconnect();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process could not be started');
    return this.#child.pid;
  }

  #hear(message: Message): void {
    const index = this.#waiting.findIndex(({ kind }) => kind === message.kind);
    const [waiting] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined) this.#heard.push(message);
    else waiting.take(message);
  }
}
