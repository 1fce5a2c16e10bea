import type { Category, Verdict } from '../check-result.ts';
import type { Facts } from '../facts.ts';

/** One look at the facts. */
export interface Check {
  readonly category: Category;
  /** Stable. */
  readonly id: string;
  readonly description: string;
  /** What it looks at: where that could not be had, the check is skipped, and says why. */
  readonly needs: readonly (keyof Omit<Facts, 'within' | 'now'>)[];
  readonly look: (facts: Facts) => Verdict;
}
