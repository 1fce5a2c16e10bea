/** Things by the host that they are for: exact names, `*.example.com` (one or more labels), `*`. */
export interface HostIndex<T> {
  readonly exact: ReadonlyMap<string, T>;
  /** `example.com` for `*.example.com`. */
  readonly wildcard: ReadonlyMap<string, T>;
  readonly any: T | undefined;
}

/** Of two things with the same host the first declared stays. */
export function indexHosts<T>(entries: Iterable<readonly [host: string, thing: T]>): HostIndex<T> {
  const exact = new Map<string, T>();
  const wildcard = new Map<string, T>();
  let any: T | undefined;
  for (const [host, thing] of entries) {
    const name = host.toLowerCase();
    if (name === '*') any ??= thing;
    else if (name.startsWith('*.')) addFirst(wildcard, name.slice(2), thing);
    else addFirst(exact, name, thing);
  }
  return { exact, wildcard, any };
}

function addFirst<T>(things: Map<string, T>, name: string, thing: T): void {
  if (!things.has(name)) things.set(name, thing);
}

/** What the most specific host that has an answer answers. `host` is lower-case, without port and without the root's dot. */
export function firstByHost<T, Answer>(
  index: HostIndex<T>,
  host: string,
  ask: (thing: T) => Answer | undefined,
): Answer | undefined {
  const exact = index.exact.get(host);
  const answer = exact === undefined ? undefined : ask(exact);
  if (answer !== undefined) return answer;
  if (index.wildcard.size > 0) {
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const wide = index.wildcard.get(host.slice(dot + 1));
      const wideAnswer = wide === undefined ? undefined : ask(wide);
      if (wideAnswer !== undefined) return wideAnswer;
    }
  }
  return index.any === undefined ? undefined : ask(index.any);
}

/** The thing of the most specific host. */
export function findByHost<T>(index: HostIndex<T>, host: string): T | undefined {
  return firstByHost(index, host, itself);
}

function itself<T>(thing: T): T {
  return thing;
}
