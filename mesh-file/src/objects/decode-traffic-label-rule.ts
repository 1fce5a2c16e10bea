import type { MatchRule, ValueMatch } from '@lanekeeper/protocol/model';
import { complain, fieldsOf, isNothing, listOf, mismatch, requiredOr, type Cursor } from '../decoder.ts';
import { choiceOf, textOf, type TextRule } from '../scalar-decoders.ts';
import { HEADER_NAME, PATH, SERVICE_NAME } from '../text-rules.ts';
import { LIMITS, refuseMore } from './limits.ts';
import { decodeLaneOfItsOwn } from './object-rules.ts';
import type { TrafficLabelRuleObject } from './object-types.ts';

type TrafficLabelSpec = TrafficLabelRuleObject['spec'];

/** OpenSergo's generation 1 knows `==` alone. */
const CONDITIONS = ['=='] as const;
const TYPES = ['header', 'path', 'query', 'parameter'] as const;

/** One item of `match`: a request must fulfil all of them. */
interface Item {
  readonly at: Cursor;
  readonly type: 'header' | 'path' | 'query';
  readonly key: string;
  readonly value: string;
}

export function decodeTrafficLabelSpec(cursor: Cursor): TrafficLabelSpec | undefined {
  const fields = fieldsOf(cursor, { keys: ['selector', 'trafficLabel', 'match'] });
  if (fields === undefined) return undefined;
  const app = requiredOr({ cursor, fields }, 'selector', decodeSelector, undefined);
  const lane = requiredOr({ cursor, fields }, 'trafficLabel', decodeLaneOfItsOwn, undefined);
  const match = requiredOr({ cursor, fields }, 'match', decodeItems, undefined);
  return app === undefined || lane === undefined || match === undefined ? undefined : { app, lane, match };
}

function decodeSelector(cursor: Cursor): string | undefined {
  const fields = fieldsOf(cursor, { keys: ['app'] });
  if (fields === undefined) return undefined;
  return requiredOr({ cursor, fields }, 'app', (at) => textOf(at, SERVICE_NAME), undefined);
}

function decodeItems(cursor: Cursor): MatchRule | undefined {
  refuseMore(cursor, LIMITS.conditionItems);
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'list' && node.items.length === 0) {
    mismatch(cursor, 'at least one condition; none would colour everybody');
    return undefined;
  }
  const items = listOf(cursor, decodeItem);
  refuseContradictions(items);
  const path = items.find((item) => item.type === 'path')?.value;
  return {
    ...(path === undefined ? {} : { paths: [{ exact: path }] }),
    ...valuesOf(items, 'header', 'headers'),
    ...valuesOf(items, 'query', 'query'),
  };
}

function decodeItem(cursor: Cursor): Item | undefined {
  const fields = fieldsOf(cursor, { keys: ['condition', 'type', 'key', 'value'] });
  if (fields === undefined) return undefined;
  const owner = { cursor, fields };
  const condition = requiredOr(owner, 'condition', (at) => choiceOf(at, CONDITIONS), undefined);
  const type = requiredOr(owner, 'type', (at) => choiceOf(at, TYPES), undefined);
  if (type === 'path') {
    const value = requiredOr(owner, 'value', (at) => textOf(at, PATH), undefined);
    return condition === undefined || value === undefined ? undefined : { at: cursor, type, key: '', value };
  }
  const keyRule: TextRule | undefined = type === 'header' ? HEADER_NAME : undefined;
  const key = requiredOr(owner, 'key', (at) => textOf(at, keyRule), undefined);
  const value = requiredOr(owner, 'value', literalOf, undefined);
  if (condition === undefined || type === undefined || key === undefined || value === undefined)
    return undefined;
  if (type === 'header') return { at: cursor, type, key: key.toLowerCase(), value };
  return { at: cursor, type: 'query', key, value };
}

/** OpenSergo's own examples write numbers without quotes: `value: 12345`. */
function literalOf(cursor: Cursor): string | undefined {
  const node = cursor.tree.read(cursor.node);
  if (node.kind === 'scalar' && !isNothing(node) && node.source !== '') {
    return typeof node.value === 'string' ? node.value : node.source;
  }
  mismatch(cursor, 'a value that is not empty');
  return undefined;
}

/** All items must hold, and one header (parameter, path) cannot have two values. */
function refuseContradictions(items: readonly Item[]): void {
  const first = new Map<string, Item>();
  for (const item of items) {
    const what = item.type === 'path' ? 'path' : `${item.type} ${item.key}`;
    const before = first.get(what);
    if (before === undefined) first.set(what, item);
    else
      complain(
        item.at,
        `${what} is asked for twice, and all conditions must hold; keep one, or write two rules`,
      );
  }
}

function valuesOf(items: readonly Item[], type: Item['type'], field: 'headers' | 'query'): MatchRule {
  const values = items
    .filter((item) => item.type === type)
    .map(({ key, value }): [string, ValueMatch] => [key, { exact: value }]);
  return values.length === 0 ? {} : { [field]: Object.fromEntries(values) };
}
