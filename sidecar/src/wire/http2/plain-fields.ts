import type { HeaderEdit } from '../head.ts';
import type { PlainRequest } from '../plain-request.ts';
import { editFields, fieldValue, type RawFields } from './fields.ts';

/** The request of `fields` as it goes upstream, but for the exchange's edits. */
export function plainRequest(
  fields: RawFields,
  isEmpty: boolean,
  edge: { readonly authority?: string; readonly path?: string } = {},
): PlainRequest {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    if (!name.startsWith(':') && name !== 'host') kept.push(name, fields[at + 1] ?? '');
  }
  return {
    method: fieldValue(fields, ':method') ?? '',
    authority: edge.authority ?? fieldValue(fields, ':authority') ?? fieldValue(fields, 'host') ?? '',
    path: edge.path ?? fieldValue(fields, ':path') ?? '/',
    fields: kept,
    isEmpty,
  };
}

/** The head of a request in HTTP/2. */
export function http2Fields(request: PlainRequest, edits: readonly HeaderEdit[]): string[] {
  const { method, authority, path } = request;
  const fields = [':method', method, ':scheme', 'http', ':authority', authority, ':path', path];
  for (let at = 0; at < request.fields.length; at += 2) {
    fields.push((request.fields[at] ?? '').toLowerCase(), request.fields[at + 1] ?? '');
  }
  return editFields(fields, edits, {});
}
