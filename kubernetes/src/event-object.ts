import type { EventNote, EventRecorderOptions, Regarding } from './event-note.ts';
import { microTime } from './lease-record.ts';
import type { Collection } from './resources.ts';
import { EVENTS } from './resources.ts';

/** Limits of the API (validation of events.k8s.io/v1). */
const MAX_NOTE_BYTES = 1_024;
const MAX_WORD_BYTES = 128;

/** Notes with the same key are one series. */
export function seriesKey({ regarding, type, reason, action, note }: EventNote): string {
  const { resource, namespace = '', name, uid = '' } = regarding;
  return JSON.stringify([resource.group, resource.kind, namespace, name, uid, type, reason, action, note]);
}

export function placeOf({ namespace = 'default' }: Regarding): Collection {
  return { resource: EVENTS, namespace };
}

/** Unique among the events of an object: two replicas may say the same at the same moment. */
export function eventName({ name }: Regarding, unique: string): string {
  // Names are DNS subdomains of 253 characters.
  return `${name.slice(0, 200)}.${unique}`;
}

export function eventObject(
  note: EventNote,
  name: string,
  { controller, instance }: Pick<EventRecorderOptions, 'controller' | 'instance'>,
): unknown {
  const { regarding } = note;
  const { group, version, kind } = regarding.resource;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: regarding.namespace ?? 'default' },
    eventTime: microTime(Date.now()),
    reportingController: controller,
    reportingInstance: cut(instance, MAX_WORD_BYTES),
    type: note.type,
    reason: cut(note.reason, MAX_WORD_BYTES),
    action: cut(note.action, MAX_WORD_BYTES),
    note: cut(note.note, MAX_NOTE_BYTES),
    regarding: {
      apiVersion: group === '' ? version : `${group}/${version}`,
      kind,
      name: regarding.name,
      ...(regarding.namespace === undefined ? {} : { namespace: regarding.namespace }),
      ...(regarding.uid === undefined ? {} : { uid: regarding.uid }),
    },
  };
}

export function seriesPatch(count: number): unknown {
  return { series: { count, lastObservedTime: microTime(Date.now()) } };
}

/** At most `maxBytes` of UTF-8, never half a character. */
function cut(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return `${decoder.decode(bytes.subarray(0, maxBytes - 3), { stream: true })}…`;
}
