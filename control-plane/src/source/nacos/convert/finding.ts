/** Something in a registry that cannot be taken as it is; the mesh goes on without it. */
export interface Finding {
  readonly code:
    | 'bad-name'
    | 'bad-address'
    | 'bad-port'
    | 'invalid-lane'
    | 'invalid-weight'
    | 'duplicate'
    | 'huge-metadata'
    | 'protected'
    | 'not-readable';
  /** Within its service: the sentence that people read. */
  readonly message: string;
}

const MAX_SHOWN = 80;

/** Quoted and not longer than a line: what stands in a registry is not ours. */
export function shown(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}
