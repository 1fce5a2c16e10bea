/** Something that several may declare, and one only can. */
export interface Claim<T> {
  readonly value: T;
  readonly owner: string;
  /** Begins the sentence of a finding. */
  readonly what: string;
}

/** Who came first with each name; that another one came later is a finding, unless it says the same. */
export class Holders<T> {
  readonly #claims = new Map<string, Claim<T>>();
  readonly #replaced = new Map<string, T>();
  readonly #findings: string[];

  constructor(findings: string[]) {
    this.#findings = findings;
  }

  /** Whether it is the first with this name. */
  take(name: string, claim: Claim<T>): boolean {
    const first = this.#claims.get(name);
    if (first === undefined) {
      this.#claims.set(name, claim);
      return true;
    }
    if (JSON.stringify(first.value) !== JSON.stringify(claim.value)) {
      this.#findings.push(
        `${claim.what}: what ${claim.owner} says does not count, ${first.owner} declares it`,
      );
    }
    return false;
  }

  /** Another value for a name that is taken; what others say is still compared with the first one. */
  replace(name: string, value: T): void {
    this.#replaced.set(name, value);
  }

  /** In the order in which they came. */
  values(): readonly T[] {
    return [...this.#claims].map(([name, { value }]) => this.#replaced.get(name) ?? value);
  }
}
