import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that was given the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks since the machine's boot, of proc(5). */
  readonly startTime: string;
}

export function markOf(pid: number): ProcessMark {
  return { pid, startTime: startTimeOf(pid) ?? 'gone' };
}

export function isRunning({ pid, startTime }: ProcessMark): boolean {
  return startTimeOf(pid) === startTime;
}

/** Undefined for a process that is gone or only waits for its parent to notice that it ended. */
function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name, with whatever it contains, in parentheses; the third the state.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : fields[18];
}
