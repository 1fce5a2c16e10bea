import type { TableEntry } from './static-table.ts';

/** What an entry costs beside its octets (RFC 7541, section 4.1). */
const OVERHEAD = 32;

export function entrySize({ name, value }: TableEntry): number {
  return name.length + value.length + OVERHEAD;
}

/** The fields that were sent last, as both ends of one direction of a connection know them (RFC 7541, section 2.3.2). */
export class DynamicTable {
  /** Oldest first, from `#first` on; what is before has gone. */
  #entries: TableEntry[] = [];
  #first = 0;
  #size = 0;
  #maxSize: number;
  readonly #evicted: ((entry: TableEntry) => void) | undefined;

  constructor(maxSize: number, evicted?: (entry: TableEntry) => void) {
    this.#maxSize = maxSize;
    this.#evicted = evicted;
  }

  get length(): number {
    return this.#entries.length - this.#first;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** 0: the newest. */
  at(index: number): TableEntry | undefined {
    return index < this.length ? this.#entries[this.#entries.length - 1 - index] : undefined;
  }

  /** One that is larger than the table empties it and is not kept (RFC 7541, section 4.4). True: it is kept. */
  add(entry: TableEntry): boolean {
    const size = entrySize(entry);
    this.#evictTo(this.#maxSize - size);
    if (size > this.#maxSize) return false;
    this.#entries.push(entry);
    this.#size += size;
    return true;
  }

  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.#evictTo(maxSize);
  }

  #evictTo(size: number): void {
    while (this.#size > size && this.length > 0) {
      const entry = this.#entries[this.#first] as TableEntry;
      this.#first += 1;
      this.#size -= entrySize(entry);
      this.#evicted?.(entry);
    }
    // Now and then, so that each entry is moved once for every time that the list doubles.
    if (this.#first < 64 || this.#first * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
