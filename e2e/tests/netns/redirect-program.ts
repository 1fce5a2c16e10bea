import { fileURLToPath } from 'node:url';
import type { Pod } from './network.ts';

/** The init program as the image will hold it. */
const REDIRECT_PROGRAM = fileURLToPath(new URL('../../../dist/redirect/main.mjs', import.meta.url));

/** Runs the init program in a pod, as its init container would. */
export function redirectTraffic(
  pod: Pod,
  { args = [], env = {} }: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): string {
  return pod.run([process.execPath, REDIRECT_PROGRAM, ...args], { env });
}
