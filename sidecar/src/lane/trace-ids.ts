import type { HeaderReader } from '../wire/head.ts';

/** One id that may link an outbound request to an inbound one. */
export interface TraceId {
  /** `<kind>:<value>`; ids of different kinds are never equal. `traceparent`, `b3` and `x-b3-traceid` are of one kind. */
  readonly id: string;
  /** The header that it was found in. */
  readonly header: string;
}

/** Longer ids are no ids: cut off, two of them could become one. */
export const MAX_ID_LENGTH = 128;
/** Ids read of one request. */
export const MAX_IDS = 16;

const TRACE_KIND = 'trace-id';

const READERS: readonly TraceHeader[] = [
  { header: 'traceparent', kind: TRACE_KIND, read: readTraceparent },
  { header: 'b3', kind: TRACE_KIND, read: readB3 },
  { header: 'x-b3-traceid', kind: TRACE_KIND, read: readHexTraceId },
  { header: 'sw8', kind: 'sw8', read: readSkyWalking },
  { header: 'x-request-id', kind: 'x-request-id', read: readOpaque },
];
const TRACE_READERS = READERS.filter(({ header }) => header !== 'x-request-id');
const BUILT_IN: ReadonlySet<string> = new Set(READERS.map(({ header }) => header));
const NO_IDS: readonly TraceId[] = Object.freeze([]);

interface TraceHeader {
  readonly header: string;
  readonly kind: string;
  readonly read: (value: string) => string | undefined;
}

/**
 * The ids of a request, each once, at most {@link MAX_IDS}; malformed ones are passed over. `configured` are further headers
 * (lower-case) whose whole value is an id.
 */
export function readTraceIds(headers: HeaderReader, configured: readonly string[]): readonly TraceId[] {
  let ids: TraceId[] | undefined;
  const add = (header: string, kind: string, value: string | undefined): void => {
    if (value === undefined) return;
    const id = `${kind}:${value}`;
    ids ??= [];
    if (ids.length < MAX_IDS && !ids.some((known) => known.id === id)) ids.push({ id, header });
  };
  for (const { header, kind, read } of READERS) add(header, kind, valueOf(headers, header, read));
  for (const header of configured) {
    if (!BUILT_IN.has(header)) add(header, header, valueOf(headers, header, readOpaque));
  }
  return ids ?? NO_IDS;
}

/** The id by which the hops of one call chain are joined, without its kind; null: the request carries none. */
export function traceIdOf(headers: HeaderReader): string | null {
  for (const { header, read } of READERS) {
    const value = valueOf(headers, header, read);
    if (value !== undefined) return value;
  }
  return null;
}

/** Whether the request is of a trace already, whatever its convention. An id of the request alone is none. */
export function isTraced(headers: HeaderReader): boolean {
  return TRACE_READERS.some(({ header, read }) => valueOf(headers, header, read) !== undefined);
}

function valueOf(headers: HeaderReader, header: string, read: TraceHeader['read']): string | undefined {
  const value = headers.get(header);
  return value === undefined ? undefined : read(value);
}

/** W3C Trace Context, section 3.2: no version ff, no id of zeros only; fields after the flags only above version 00. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

function readTraceparent(value: string): string | undefined {
  const match = TRACEPARENT.exec(value);
  if (match === null || (match[1] === '00' && match[3] !== undefined)) return undefined;
  return match[2];
}

/** `{trace id}-{span id}[-{sampling}[-{parent}]]`; a sampling decision alone (`0`) has no id. */
function readB3(value: string): string | undefined {
  const dash = value.indexOf('-');
  return dash === -1 ? undefined : readHexTraceId(value.slice(0, dash));
}

const HEX_TRACE_ID = /^(?!0+$)(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;

/** 64 bits are the low half of 128: padded on the left, as Zipkin does. */
function readHexTraceId(value: string): string | undefined {
  return HEX_TRACE_ID.test(value) ? value.toLowerCase().padStart(32, '0') : undefined;
}

const SW8 = /^[01]-([A-Za-z0-9+/]+={0,2})-/;

/** SkyWalking's cross-process protocol v3: eight fields split by `-`, the second is the trace id in Base64. */
function readSkyWalking(value: string): string | undefined {
  const encoded = SW8.exec(value)?.[1];
  return encoded === undefined ? undefined : readOpaque(Buffer.from(encoded, 'base64').toString());
}

function readOpaque(value: string): string | undefined {
  return value === '' || value.length > MAX_ID_LENGTH ? undefined : value;
}

/** The id under which a W3C trace id is remembered; for a trace that begins at this proxy. */
export function w3cTraceId(traceId: string): TraceId {
  return { id: `${TRACE_KIND}:${traceId}`, header: 'traceparent' };
}
