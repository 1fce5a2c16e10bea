/** One part of `A[10.1.2.3] -> Bgray[10.1.2.4]`. */
export interface Part {
  readonly name: string;
  readonly address: string;
}

export function partsOf(text: string): readonly Part[] {
  return text.split(' -> ').map((part) => {
    const [, name, address] = /^(\w+)\[([\d.]+)\]$/.exec(part) ?? [];
    if (name === undefined || address === undefined) throw new Error(`not an answer of the chain: ${text}`);
    return { name, address };
  });
}

/** The names that answered, `A -> B -> C`, each once. */
export function namesIn(answers: Readonly<Record<string, number>>): readonly string[] {
  const trails = Object.keys(answers).map((text) =>
    partsOf(text)
      .map(({ name }) => name)
      .join(' -> '),
  );
  return [...new Set(trails)].sort();
}

/** The addresses of which parts named so were answered. */
export function addressesIn(answers: Readonly<Record<string, number>>, name?: string): ReadonlySet<string> {
  const parts = Object.keys(answers).flatMap(partsOf);
  return new Set(
    parts.filter((part) => name === undefined || part.name === name).map(({ address }) => address),
  );
}
