import { complain, entriesOf, fieldsOf, listOf, mismatch, requiredOr, type Cursor } from '../decoder.ts';
import { textOf } from '../scalar-decoders.ts';
import { SERVICE_NAME } from '../text-rules.ts';
import { decodeLabels, decodeLaneOfItsOwn } from './object-rules.ts';
import type { WorkloadLabelSpec } from './object-types.ts';

/** A selector with one of these labels data instead of pods. */
export const DATA_SELECTORS: readonly string[] = ['db', 'database', 'table'];

const APP = 'app';

export function decodeWorkloadLabelSpec(cursor: Cursor): WorkloadLabelSpec | undefined {
  const fields = fieldsOf(cursor, { keys: ['workloadLabels', 'selector'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const lane = requiredOr(owner, 'workloadLabels', decodeOneLane, undefined);
  const selector = requiredOr(owner, 'selector', decodeSelector, undefined);
  if (lane === undefined || selector === undefined) return undefined;
  if (DATA_SELECTORS.some((key) => Object.hasOwn(selector, key))) return { target: 'data', selector };
  const { [APP]: app, ...labels } = selector;
  return { target: 'workloads', lane, ...(app === undefined ? {} : { app }), labels };
}

/** OpenSergo has a list; a workload is of one lane. */
function decodeOneLane(cursor: Cursor): string | undefined {
  const lanes = listOf(cursor, decodeLaneOfItsOwn);
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'list' && node.items.length !== 1) {
    complain(cursor, `expected one label, for a workload is of one lane; found ${node.items.length}`);
  }
  return lanes[0];
}

/** Names of databases and tables are no labels of Kubernetes; with `app` alone it may be any name of a service. */
function decodeSelector(cursor: Cursor): Readonly<Record<string, string>> | undefined {
  const entries = entriesOf(cursor, 'a mapping such as app: orders-gray');
  if (entries === undefined) return undefined;
  const isOfData = DATA_SELECTORS.some((key) => entries.has(key));
  if (!isOfData && !entries.has(APP)) return decodeLabels(cursor);
  const texts = [...entries].map(
    ([key, at]) => [key, textOf(at, key === APP ? SERVICE_NAME : undefined) ?? ''] as const,
  );
  if (texts.length === 0) mismatch(cursor, 'at least one entry');
  return Object.fromEntries(texts);
}
