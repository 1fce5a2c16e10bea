import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { KUBECTL } from './kubectl.ts';
import type { Space } from './space.ts';

export interface ReadyWatch {
  /** Address of a pod to when its readiness was told here, ms since 1970. */
  readonly readyAt: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Conditions tell whole seconds only; a watch tells of a change some milliseconds after it is written. */
export function watchReady(space: Space, selector: string): ReadyWatch {
  const jsonpath = '{.status.podIP} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}';
  const args = [
    '--namespace',
    space.name,
    'get',
    'pods',
    '--selector',
    selector,
    '--watch',
    `--output=jsonpath=${jsonpath}`,
  ];
  const child = spawn(KUBECTL, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const readyAt = new Map<string, number>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [address = '', status] = line.split(' ');
    if (status === 'True' && !readyAt.has(address)) readyAt.set(address, Date.now());
  });
  return {
    readyAt,
    async close() {
      child.kill();
      await exited;
    },
  };
}
