import { spawn } from 'node:child_process';

/** Reads until this process is gone, however that came about, then ends the guarded one and removes its folder. */
const SCRIPT = 'read -r word; [ "$word" = over ] && exit; kill -KILL "$1" 2>/dev/null; rm -rf "$2"';

export interface Guard {
  /** The guarded process has ended and its folder is somebody else's business again. */
  over(): void;
  /** Resolves when the guard itself is gone. */
  readonly ended: Promise<void>;
}

/**
 * Lets a process not outlive this one, even where both are killed, or where it is stopped (SIGSTOP) and could not end itself.
 * The folder, which holds only what that process made, goes with it.
 */
export function guardProcess(pid: number, folder: string): Guard {
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'guard', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  const { stdin } = guard;
  // Ending before it is told to is its way of saying that it has been killed; there is nothing to do then.
  stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => {
    guard.once('error', () => resolve());
    guard.once('exit', () => resolve());
  });
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return { ended, over: () => stdin.end('over\n') };
}
