/** What is worth counting of a naming client; each function is called once for each thing that happens. */
export interface NamingReport {
  readonly pushed: (outcome: PushOutcome) => void;
  /** Asking again has shown a change that no push had told of: above 0 something loses events. */
  readonly missed: () => void;
}

/**
 * `told`: it was news. `same`: it was known. `overtaken`: something newer had come before. `unwanted`: nobody follows the service
 * (any more). `malformed`: it could not be read, and the service is asked for again.
 */
export type PushOutcome = 'told' | 'same' | 'overtaken' | 'unwanted' | 'malformed';

export const NO_REPORT: NamingReport = {
  pushed: () => undefined,
  missed: () => undefined,
};
