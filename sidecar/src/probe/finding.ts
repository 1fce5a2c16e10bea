/** What asking an application found. */
export interface Finding {
  readonly isHealthy: boolean;
  /** For people: `kubectl describe pod` shows it. */
  readonly sentence: string;
}

export function healthy(sentence: string): Finding {
  return { isHealthy: true, sentence };
}

export function unhealthy(sentence: string): Finding {
  return { isHealthy: false, sentence };
}

/** Why a connection or a request failed. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return error.message === '' ? code || error.name : error.message;
}
