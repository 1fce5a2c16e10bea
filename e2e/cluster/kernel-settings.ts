import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kubelet sets these for the whole machine. */
const CHANGED_BY_KUBELET = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

export function readKernelSettings(): Record<string, string> {
  const present = CHANGED_BY_KUBELET.filter((name) => existsSync(join('/proc/sys', name)));
  return Object.fromEntries(
    present.map((name) => [name, readFileSync(join('/proc/sys', name), 'utf8').trim()]),
  );
}

export function restoreKernelSettings(settings: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(settings)) writeFileSync(join('/proc/sys', name), value);
}
