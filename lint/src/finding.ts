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
