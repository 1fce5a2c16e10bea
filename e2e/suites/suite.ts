/** What a run of a foreign suite showed. */
export interface SuiteScore {
  readonly passed: number;
  readonly total: number;
  /** Names of the cases that failed, as the suite prints them. */
  readonly failures: readonly string[];
}

export interface SuiteReport {
  readonly suite: string;
  /** Through what the suite spoke: `inbound sidecar`, `two sidecars`. */
  readonly path: string;
  readonly through: SuiteScore;
  /** The same run without the proxy, or a fixed figure. */
  readonly reference: SuiteScore;
  /** Cases that fail through the proxy and pass without it; a suite is fine when there are none. */
  readonly regressions: readonly string[];
}

export interface Suite {
  readonly name: string;
  run(): Promise<readonly SuiteReport[]>;
}

/** Compares two runs of one suite by the names of their failures. */
export function compare(
  suite: string,
  path: string,
  scores: { readonly through: SuiteScore; readonly reference: SuiteScore },
): SuiteReport {
  const known = new Set(scores.reference.failures);
  const regressions = scores.through.failures.filter((failure) => !known.has(failure));
  if (scores.through.total < scores.reference.total) {
    regressions.push(`only ${scores.through.total} of ${scores.reference.total} cases ran`);
  }
  return { suite, path, ...scores, regressions };
}
