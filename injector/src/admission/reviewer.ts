import type { AdmissionRequest } from './decode.ts';

/** Answers the reviews that are posted to one path. Never rejects. */
export type Reviewer = (request: AdmissionRequest) => Promise<Reviewed>;

export interface Reviewed {
  /** The AdmissionReview that goes back. */
  readonly body: object;
  /** Called once it is out. */
  report(seconds: number): void;
}
