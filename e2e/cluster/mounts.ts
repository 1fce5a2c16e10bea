import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const PATIENCE_MS = 30_000;

/** Unmounts whatever is mounted below the folders, deepest first; what is busy for a moment is tried again. Not interrupted. */
export async function unmountBelow(folders: readonly string[]): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    for (const mount of mountsBelow(folders).toReversed()) spawnSync('umount', [mount]);
    const left = mountsBelow(folders);
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`these mounts do not go: ${left.join(', ')}`);
    await delay(100);
  }
}

function mountsBelow(folders: readonly string[]): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => unescaped(line.split(' ')[4] ?? ''))
    .filter((mount) => folders.some((folder) => mount.startsWith(`${folder}/`)));
}

/** Spaces and kin stand as octal numbers. */
function unescaped(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
