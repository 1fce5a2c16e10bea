import type { ConfigProblem } from './env.ts';

/** Paths longer than this do not push the others' messages to the right. */
const MAX_COLUMN = 60;

/** Every problem on its line, messages aligned, for a person at a terminal. */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  const title = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const width = Math.max(
    0,
    ...problems.map(({ path }) => path.length).filter((length) => length <= MAX_COLUMN),
  );
  const lines = problems.map(({ path, message }) => `  ${path.padEnd(width)}  ${message}`);
  return [`The configuration has ${title}:`, ...lines, ''].join('\n');
}
