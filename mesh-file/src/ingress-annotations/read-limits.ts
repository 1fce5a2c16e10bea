import type { EdgeTimeouts } from '@lanekeeper/protocol/edge';
import type { AnnotationReader } from './annotation-reader.ts';

const MOST_SECONDS = 86_400;
const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

export function readTimeouts(annotations: AnnotationReader): EdgeTimeouts | undefined {
  const connect = annotations.integer('proxy-connect-timeout', 1, MOST_SECONDS);
  const read = annotations.integer('proxy-read-timeout', 1, MOST_SECONDS);
  if (connect === undefined && read === undefined) return undefined;
  return {
    ...(connect === undefined ? {} : { connectMs: connect * 1000 }),
    ...(read === undefined ? {} : { backendRequestMs: read * 1000 }),
  };
}

/** nginx's sizes: a number with k, m or g. Undefined: no bound. */
export function readMaxBody(annotations: AnnotationReader): number | undefined {
  const text = annotations.text('proxy-body-size');
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,12})([kmg]?)$/i.exec(text) ?? [];
  if (digits === undefined)
    return annotations.problem('proxy-body-size', `expected a size such as 8m, found ${text}`);
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  return bytes === 0 ? undefined : bytes;
}

export interface Access {
  /** Networks; empty: nobody. Undefined: all. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** A list that cannot be read must not open what was to be closed: nobody is let in then. */
export function readAccess(annotations: AnnotationReader): Access {
  const allow = annotations.networks('whitelist-source-range', 'allowlist-source-range');
  const deny = annotations.networks('denylist-source-range');
  if (allow === 'none' || deny === 'none') return { allow: [] };
  return { ...(allow === undefined ? {} : { allow }), ...(deny === undefined ? {} : { deny }) };
}
