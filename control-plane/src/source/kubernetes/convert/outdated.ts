/** What may be another answer than before. */
export interface Outdated {
  /** As {@link ASKED} spells them. */
  readonly questions: Set<string>;
  /** Whose pod is another one, or stands otherwise. */
  readonly addresses: Set<string>;
  /** Those among them whose pod is of another lane than before. */
  readonly relaned: Set<string>;
  /** Keys of pods that somebody else has now, though they are as before. */
  readonly reclaimed: Set<string>;
}

export function nothingOutdated(): Outdated {
  return { questions: new Set(), addresses: new Set(), relaned: new Set(), reclaimed: new Set() };
}
