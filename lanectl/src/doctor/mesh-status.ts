import { listAt, numberAt, recordAt, textAt, type Json } from '@lanekeeper/lint/read/json';
import { valueOf, type Facts } from './facts.ts';

/** What the control plane's leader has written into `lanekeeper-status`, as far as it is looked at. */
export interface WrittenStatus {
  readonly sidecars: number;
  readonly inStep: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly behind: readonly { readonly pod: string; readonly sinceMs: number }[];
  readonly rejected: readonly { readonly pod: string; readonly problems: readonly string[] }[];
  readonly objects: readonly string[];
  readonly laneDisputes: readonly LaneDispute[];
  readonly replicas: readonly { readonly pod: string; readonly problems: readonly string[] }[];
}

/** An instance of Nacos whose pod is of another lane than it says. */
export interface LaneDispute {
  readonly service: string;
  readonly instance: string;
  /** `namespace/name` */
  readonly pod: string;
  /** Absent: Nacos says none. */
  readonly registered: string | undefined;
  /** Absent: the pod has none. */
  readonly lane: string | undefined;
}

/** Undefined: nobody has written yet, or something that cannot be read. */
export function writtenStatus(facts: Facts): WrittenStatus | undefined {
  const text = textAt(recordAt(valueOf(facts.status), 'data'), 'status.json');
  const status = text === undefined ? undefined : parse(text);
  if (status === undefined) return undefined;
  return {
    sidecars: numberAt(status, 'sidecars') ?? 0,
    inStep: numberAt(status, 'inStep') ?? 0,
    versions: numbersOf(recordAt(status, 'versions')),
    behind: listAt(status, 'behind')
      .map((item) => recordAt(item))
      .map((item) => ({ pod: textAt(item, 'pod') ?? '', sinceMs: numberAt(item, 'sinceMs') ?? 0 })),
    rejected: podsIn(status, 'rejected'),
    objects: textsIn(status, 'objects'),
    laneDisputes: listAt(status, 'laneDisputes').map((item) => disputeIn(recordAt(item))),
    replicas: podsIn(status, 'replicas'),
  };
}

function disputeIn(item: Json): LaneDispute {
  return {
    service: textAt(item, 'service') ?? '',
    instance: textAt(item, 'instance') ?? '',
    pod: textAt(item, 'pod') ?? '',
    registered: textAt(item, 'registered'),
    lane: textAt(item, 'lane'),
  };
}

function podsIn(status: Json, key: string): WrittenStatus['replicas'] {
  return listAt(status, key)
    .map((item) => recordAt(item))
    .map((item) => ({ pod: textAt(item, 'pod') ?? '', problems: textsIn(item, 'problems') }));
}

function textsIn(status: Json, key: string): readonly string[] {
  return listAt(status, key).filter((item): item is string => typeof item === 'string');
}

function numbersOf(record: Json): Readonly<Record<string, number>> {
  const entries = Object.entries(record).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return Object.fromEntries(entries);
}

function parse(text: string): Json | undefined {
  try {
    return recordAt(JSON.parse(text));
  } catch {
    // Half of a write of another version; the next one is whole.
    return undefined;
  }
}
