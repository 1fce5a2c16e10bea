import type { ConfigProblem } from '@lanekeeper/runtime/env';
import type { Finding } from './finding.ts';

/** What a decoder has refused, as findings of `object`. They cannot be ignored: such an object is not in force. */
export function findingsOfProblems(object: string, problems: readonly ConfigProblem[]): readonly Finding[] {
  return problems.map(({ path, message }): Finding => {
    const isRegex = /(?:^|\.)regex(?: \(\d+:\d+\))?$/.test(path);
    return {
      code: isRegex ? 'LK0111' : 'LK0100',
      severity: 'error',
      object,
      path,
      message,
      fix: isRegex
        ? 'Write it in RE2’s syntax: no lookahead, no backreferences; often prefix, suffix or in will do.'
        : 'Correct it; until then nothing of this object is in force.',
    };
  });
}
