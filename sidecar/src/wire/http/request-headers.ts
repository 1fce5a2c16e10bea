import type { IncomingMessage } from 'node:http';
import type { HeaderEdit } from '../head.ts';
import { isReplaced } from '../header-edits.ts';
import { hasToken, isHopByHop, nominatedFields } from '../hop-by-hop.ts';

/** Fields by their name as it came; repeated ones as an array, in order. No prototype, so that any name is only a name. */
export type OutgoingHeaders = Record<string, string | string[]>;

export interface RequestHeaderOptions {
  readonly edits: readonly HeaderEdit[];
  /** Goes into a host field where the request has none (absolute-form, HTTP/1.0). */
  readonly authority: string;
  readonly hasRepeats: boolean;
  /** The connection is to change its protocol: `connection` and `upgrade` go along. */
  readonly isUpgrade: boolean;
}

/**
 * The fields to send upstream. `expect` and `trailer` are left out: http-proxy-3 mishandles both, so the caller sets them on the
 * request that it makes.
 */
export function requestHeaders(request: IncomingMessage, options: RequestHeaderOptions): OutgoingHeaders {
  const { rawHeaders, headers } = request;
  const out: OutgoingHeaders = Object.create(null);
  const nominated = options.isUpgrade ? [] : nominatedFields(headers.connection);
  const names = options.hasRepeats ? new Map<string, string>() : undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const lower = name.toLowerCase();
    if (isDropped(lower, nominated, options)) continue;
    const value = rawHeaders[at + 1] ?? '';
    if (names === undefined) out[name] = value;
    else append(out, firstSpelling(names, name, lower), value);
  }
  if (headers.host === undefined && options.authority !== '') out['Host'] = options.authority;
  if (headers['transfer-encoding'] !== undefined) out['Transfer-Encoding'] = 'chunked';
  if (!options.isUpgrade && hasToken(String(headers.te ?? ''), 'trailers')) {
    out['TE'] = 'trailers';
    out['Connection'] = 'TE';
  }
  addEdits(out, options.edits);
  return out;
}

function isDropped(lower: string, nominated: readonly string[], options: RequestHeaderOptions): boolean {
  if (lower === 'expect' || lower === 'trailer' || isReplaced(lower, options.edits)) return true;
  if (options.isUpgrade && (lower === 'connection' || lower === 'upgrade')) return false;
  return isHopByHop(lower, nominated);
}

/** Fields that differ only in case are one field: they go out together, under the first spelling. */
function firstSpelling(names: Map<string, string>, name: string, lower: string): string {
  const known = names.get(lower);
  if (known === undefined) names.set(lower, name);
  return known ?? name;
}

function addEdits(out: OutgoingHeaders, edits: readonly HeaderEdit[]): void {
  for (let at = 0; at < edits.length; at += 1) {
    const edit = edits[at];
    if (edit === undefined || edit.value === null) continue;
    append(out, edit.append === true ? spellingOf(out, edit.name) : edit.name, edit.value);
  }
}

/** The name as it stands in `out` already; Node would let the last spelling of a name win. */
function spellingOf(out: OutgoingHeaders, lower: string): string {
  if (lower in out) return lower;
  for (const name in out) if (name.toLowerCase() === lower) return name;
  return lower;
}

function append(out: OutgoingHeaders, name: string, value: string): void {
  const before = out[name];
  if (before === undefined) out[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else out[name] = [before, value];
}
