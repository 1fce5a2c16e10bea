import { readFileSync } from 'node:fs';

/** Resident set of a process and of the ones it started by itself, MB; 0 when it is gone. */
export function residentMegabytes(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const own = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  const rest = children === '' ? [] : children.split(' ').map(Number);
  return (
    (own === null ? 0 : Number(own[1]) / 1024) +
    rest.reduce((sum, child) => sum + residentMegabytes(child), 0)
  );
}
