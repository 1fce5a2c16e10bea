/** What a command's end says to scripts. */
export const EXIT = {
  fine: 0,
  failed: 1,
  /** It worked, and found something wrong. */
  found: 2,
  usage: 64,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
