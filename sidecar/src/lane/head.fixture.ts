import type { HeaderEdit, HeaderReader, RequestHead } from '../wire/head.ts';
import type { RequestOrigin } from './condition.ts';
import { RequestView } from './request-view.ts';

export type Fields = Readonly<Record<string, string | undefined>>;

/** Header fields for tests, by lower-case name. */
export function headersOf(fields: Fields): HeaderReader {
  const map = new Map(Object.entries(fields));
  return { get: (name) => map.get(name) };
}

export function headOf(fields: Fields, rest: Partial<Omit<RequestHead, 'headers'>> = {}): RequestHead {
  const line = { protocol: 'http/1.1', method: 'GET', authority: 'b', path: '/' } as const;
  return { ...line, ...rest, headers: headersOf(fields) };
}

/** What rules see of such a request; it comes from nowhere unless `origin` says otherwise. */
export function viewOf(
  fields: Fields,
  rest: Parameters<typeof headOf>[1] = {},
  origin: Partial<RequestOrigin> = {},
): RequestView {
  return new RequestView(headOf(fields, rest), { clientAddress: '', ...origin });
}

/** What a request carries after `edits`, as the wire contract says. */
export function applyEdits(fields: Fields, edits: readonly HeaderEdit[]): Record<string, string> {
  const map = new Map(Object.entries(fields));
  for (const { name, value, append } of edits) {
    const before = append === true ? map.get(name) : undefined;
    if (value === null) map.delete(name);
    else if (before !== undefined) map.set(name, `${before}, ${value}`);
    else map.set(name, value);
  }
  const present = [...map].filter((field): field is [string, string] => field[1] !== undefined);
  return Object.fromEntries(present);
}
