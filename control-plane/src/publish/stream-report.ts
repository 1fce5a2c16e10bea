import type { SidecarStream } from './sidecar-stream.ts';

/** How the sidecars of a replica stand, for people; no content of the mesh in it. */
export interface StreamReport {
  readonly sidecars: number;
  /** Those that have acknowledged all that there is for them. */
  readonly inStep: number;
  /** Those that have not for a while, longest first. */
  readonly behind: readonly { readonly pod: string; readonly sinceMs: number }[];
  readonly rejected: readonly Rejection[];
  /** Sidecars by version of their program. */
  readonly versions: Readonly<Record<string, number>>;
}

export interface Rejection {
  readonly pod: string;
  /** `mesh` and service ids. */
  readonly parts: readonly string[];
  readonly problems: readonly string[];
  readonly atMs: number;
}

/** A report is read by people and kept in a ConfigMap of at most 1 MiB, for all replicas: the first ones of each kind are enough. */
const MOST = 50;
const MOST_PARTS = 10;
const MOST_PROBLEMS = 3;
const MOST_CHARS = 200;
const MOST_VERSIONS = 20;
/** An update is answered within milliseconds; before that nobody is behind. */
const BEHIND_MS = 5_000;

export function reportStreams(streams: Iterable<SidecarStream>, nowMs: number): StreamReport {
  const all = [...streams].flatMap((stream) => describe(stream));
  const behind = all.filter(({ sinceMs }) => sinceMs !== undefined && nowMs - sinceMs > BEHIND_MS);
  return {
    sidecars: all.length,
    inStep: all.filter(({ sinceMs }) => sinceMs === undefined).length,
    behind: behind
      .map(({ pod, sinceMs = nowMs }) => ({ pod, sinceMs }))
      .sort((a, b) => a.sinceMs - b.sinceMs)
      .slice(0, MOST),
    rejected: all.flatMap(({ rejection }) => (rejection === undefined ? [] : [rejection])).slice(0, MOST),
    versions: countVersions(all),
  };
}

function describe({ session }: SidecarStream): readonly Described[] {
  if (session === undefined) return [];
  const { node, subscription, behindSinceMs: sinceMs, rejection } = session;
  const pod = `${node.namespace}/${node.pod}`;
  const parts = subscription.refused();
  if (parts.length === 0 || rejection === undefined) {
    return [{ pod, version: node.version, sinceMs, rejection: undefined }];
  }
  const problems = rejection.problems.map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  );
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => problem.slice(0, MOST_CHARS));
  const told = { pod, parts: parts.slice(0, MOST_PARTS), problems: shown, atMs: rejection.atMs };
  return [{ pod, version: node.version, sinceMs, rejection: told }];
}

interface Described {
  readonly pod: string;
  readonly version: string;
  readonly sinceMs: number | undefined;
  readonly rejection: Rejection | undefined;
}

/** What sidecars say of themselves is not to be trusted with the size of a report. */
function countVersions(sidecars: readonly Described[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { version } of sidecars) {
    const own = version.slice(0, MOST_CHARS);
    const name = counts.has(own) || counts.size < MOST_VERSIONS ? own : 'other';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}
