import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import type { HeaderEdit } from '../head.ts';
import { isReplaced } from '../header-edits.ts';

/** A header block as node:http2 hands it over: name, value, name, value, in the order of the wire. */
export type RawFields = readonly string[];

/** Octets that RFC 9113 section 6.5.2 adds to each field when a header list is measured. */
const FIELD_OVERHEAD = 32;

/** Size of a header list as SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
export function fieldsSize(fields: RawFields): number {
  let size = (fields.length / 2) * FIELD_OVERHEAD;
  for (const part of fields) size += part.length;
  return size;
}

/** All values of `name` (lower-case), joined as RFC 9110 section 5.2 (cookies: RFC 9113 section 8.2.3) wants; undefined: none. */
export function fieldValue(fields: RawFields, name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] !== name) continue;
    const next = fields[at + 1] ?? '';
    value = value === undefined ? next : value + (name === 'cookie' ? '; ' : ', ') + next;
  }
  return value;
}

/** Whether the request is a gRPC call, which wants its errors as trailers. */
export function isGrpc(request: RawFields): boolean {
  return fieldValue(request, 'content-type')?.startsWith('application/grpc') ?? false;
}

/** The block with `:authority`, made from `host` where it has none (RFC 9113 section 8.3.1). */
export function withAuthority(request: RawFields): RawFields {
  if (fieldValue(request, ':authority') !== undefined) return request;
  return [':authority', fieldValue(request, 'host') ?? '', ...request];
}

/** The block with another `:path` or `:authority`, where a route says so. */
export function withRoute(
  request: RawFields,
  { path, authority }: { readonly path?: string; readonly authority?: string },
): RawFields {
  if (path === undefined && authority === undefined) return request;
  const routed: string[] = [];
  for (let at = 0; at < request.length; at += 2) {
    const name = request[at] ?? '';
    const own = name === ':path' ? path : name === ':authority' ? authority : undefined;
    if (name !== 'host' || authority === undefined) routed.push(name, own ?? request[at + 1] ?? '');
  }
  return routed;
}

/** The block with `edits` applied; the fields that `received` flags as never-indexed (RFC 7541 section 7.1.3) stay so. */
export function editFields(
  fields: RawFields,
  edits: readonly HeaderEdit[],
  received: IncomingHttpHeaders,
): string[] {
  const edited = withoutReplaced(fields, edits);
  for (let at = 0; at < edits.length; at += 1) {
    const edit = edits[at];
    if (edit !== undefined && edit.value !== null) edited.push(edit.name, edit.value);
  }
  return flagSensitive(edited, received);
}

function withoutReplaced(fields: RawFields, edits: readonly HeaderEdit[]): string[] {
  if (edits.length === 0) return [...fields];
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!isReplaced(name, edits)) kept.push(name, fields[at + 1] ?? '');
  }
  return kept;
}

/** The block as the object that `sendTrailers` and `additionalHeaders` want; repeated fields keep their order. */
export function fieldsObject(fields: RawFields, received: IncomingHttpHeaders): OutgoingHttpHeaders {
  const object = Object.create(null) as OutgoingHttpHeaders;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    const value = fields[at + 1] ?? '';
    const before = object[name];
    if (before === undefined) object[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else object[name] = [String(before), value];
  }
  return flagSensitive(object, received);
}

function flagSensitive<T extends object>(block: T, received: IncomingHttpHeaders): T {
  const names: unknown = Reflect.get(received, sensitiveHeaders);
  if (Array.isArray(names) && names.length > 0) Reflect.set(block, sensitiveHeaders, names);
  return block;
}

/** Whether a response to `method` with `status` has no content, so that its head ends it (RFC 9110 section 6.4.1). */
export function isBodiless(method: string, status: number): boolean {
  if (method === constants.HTTP2_METHOD_HEAD) return true;
  return (
    status === constants.HTTP_STATUS_NO_CONTENT ||
    status === constants.HTTP_STATUS_RESET_CONTENT ||
    status === constants.HTTP_STATUS_NOT_MODIFIED
  );
}
