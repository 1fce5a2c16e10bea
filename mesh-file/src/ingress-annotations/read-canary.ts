import { compileRegex } from '../safe-regex.ts';
import type { EdgeCanary } from '@lanekeeper/protocol/edge';
import type { AnnotationReader } from './annotation-reader.ts';

/** When a request goes to the canary; which backend that is, the rules of the Ingress say. */
export interface CanarySettings extends Omit<EdgeCanary, 'name' | 'backend'> {
  /** Among the canaries of one place, smaller first. */
  readonly order: number;
}

const DEFAULT_ORDER = 10;
const MOST = 1_000_000;

/** Undefined: the Ingress is no canary. One that says no condition never takes a request, as with ingress-nginx. */
export function readCanary(annotations: AnnotationReader): CanarySettings | undefined {
  if (annotations.flag('canary') !== true) return undefined;
  const header = readField(annotations, 'canary-by-header');
  const cookie = readField(annotations, 'canary-by-cookie');
  const query = readField(annotations, 'canary-by-query');
  const weightTotal = annotations.integer('canary-weight-total', 0, MOST);
  // There, a total counts only above 100.
  const total = weightTotal !== undefined && weightTotal > 100 ? weightTotal : 100;
  const weight = annotations.integer('canary-weight', 0, MOST);
  return {
    order: annotations.integer('order', 1, 1_000) ?? DEFAULT_ORDER,
    ...(header === undefined ? {} : { header: { ...header, name: header.name.toLowerCase() } }),
    ...(cookie === undefined ? {} : { cookie }),
    ...(query === undefined ? {} : { query }),
    ...(weight === undefined ? {} : { weight: Math.min(weight, total), weightTotal: total }),
  };
}

interface Field {
  readonly name: string;
  readonly value?: string;
  readonly pattern?: string;
}

/** A value beats a pattern. A pattern that is none leaves the condition out: half of it would send others to the canary. */
function readField(annotations: AnnotationReader, base: string): Field | undefined {
  const name = annotations.text(base);
  if (name === undefined) {
    for (const more of [`${base}-value`, `${base}-pattern`]) {
      if (annotations.has(more)) annotations.problem(more, `has no effect without ${base}`);
    }
    return undefined;
  }
  const value = annotations.text(`${base}-value`);
  if (value !== undefined) return { name, value };
  const pattern = annotations.text(`${base}-pattern`);
  if (pattern === undefined) return { name };
  // There a pattern is looked for anywhere in the value.
  const anywhere = `(?s:.*)(?:${pattern})(?s:.*)`;
  const compiled = compileRegex(anywhere);
  if (!('problem' in compiled)) return { name, pattern: anywhere };
  return annotations.problem(`${base}-pattern`, `is no regular expression: ${compiled.problem}`);
}
