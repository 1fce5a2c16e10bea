import type { FindingCode } from './codes.ts';

/** Something about lanes that is wrong, or that people should know; the same in `lanectl lint`, in the status of objects and in `lanectl doctor`. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: 'error' | 'warning';
  /** `Lane shop/gray`, `Deployment shop/a-gray`. */
  readonly object: string;
  /** Where in the object: `spec.match[0].percent`; empty: the object as a whole. */
  readonly path: string;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to do about it, in one sentence. */
  readonly fix: string;
}

/** Errors first, then by object, code and path: the same list for the same world. */
export function compareFindings(a: Finding, b: Finding): number {
  if (a.severity !== b.severity) return a.severity === 'error' ? -1 : 1;
  const left = `${a.object}\0${a.code}\0${a.path}`;
  const right = `${b.object}\0${b.code}\0${b.path}`;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
