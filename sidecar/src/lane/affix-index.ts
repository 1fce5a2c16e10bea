/** What a value has to begin or to end with. */
export type Affix = 'start' | 'end';

/** Finds lists by what a value begins or ends with: one look for each length that is wanted, however many texts have it. */
export interface AffixIndex {
  add(text: string, place: number): void;
  /** Adds to `found` the lists of all texts that `value` begins or ends with. */
  find(value: string, found: (readonly number[])[]): void;
}

interface OneLength {
  readonly length: number;
  readonly byText: Map<string, number[]>;
}

export function createAffixIndex(affix: Affix): AffixIndex {
  const lengths: OneLength[] = [];
  const cut =
    affix === 'start'
      ? (value: string, length: number) => value.slice(0, length)
      : (value: string, length: number) => value.slice(value.length - length);
  return {
    add(text, place) {
      addPlace(ofLength(lengths, text.length).byText, text, place);
    },
    find(value, found) {
      for (const { length, byText } of lengths) {
        const places = length > value.length ? undefined : byText.get(cut(value, length));
        if (places !== undefined) found.push(places);
      }
    },
  };
}

export function addPlace(byText: Map<string, number[]>, text: string, place: number): void {
  const places = byText.get(text);
  if (places === undefined) byText.set(text, [place]);
  else places.push(place);
}

function ofLength(lengths: OneLength[], length: number): OneLength {
  const known = lengths.find((one) => one.length === length);
  if (known !== undefined) return known;
  const made: OneLength = { length, byText: new Map() };
  lengths.push(made);
  return made;
}
