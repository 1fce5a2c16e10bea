import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { complain, entriesOf, mismatch, type Cursor } from '../decoder.ts';
import { textOf, type TextRule } from '../scalar-decoders.ts';
import { LANE_NAME } from '../text-rules.ts';
import { LIMITS, refuseMore } from './limits.ts';

const LABEL_NAME = /^[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?$/;

const LABEL_VALUE: TextRule = {
  expected: 'the value of a label: at most 63 letters, digits, "-", "." and "_"',
  accepts: (text) => LABEL_NAME.test(text),
};

/** Names of objects as Kubernetes has them. */
export const OBJECT_NAME: TextRule = {
  expected: 'a name of lower-case letters, digits, "-" and "."',
  accepts: (text) => DNS_SUBDOMAIN.test(text),
};

/** A lane's name is its tag. */
export const LANE_OBJECT_NAME: TextRule = {
  expected: `a lane name: lower-case letters, digits and "-", at most 63 characters, not ${BASELINE}, which every service has`,
  accepts: (text) => LANE_NAME.accepts(text) && text !== BASELINE,
};

function isLabelKey(key: string): boolean {
  const [prefix, name, ...rest] = key.includes('/') ? key.split('/') : [undefined, key];
  return (
    rest.length === 0 &&
    name !== undefined &&
    LABEL_NAME.test(name) &&
    (prefix === undefined || DNS_SUBDOMAIN.test(prefix))
  );
}

/** Labels that a pod must have, all of them; undefined where there is none, which is reported. */
export function decodeLabels(cursor: Cursor): Readonly<Record<string, string>> | undefined {
  const entries = entriesOf(cursor, 'a mapping of label to value');
  if (entries === undefined) return undefined;
  refuseMore(cursor, LIMITS.labels);
  if (entries.size === 0) {
    mismatch(cursor, 'at least one label; none would mean every pod');
    return undefined;
  }
  const labels = [...entries].map(([key, at]) => {
    if (!isLabelKey(key)) complain(at, 'expected the name of a label, such as lanekeeper.io/lane');
    return [key, textOf(at, LABEL_VALUE) ?? ''] as const;
  });
  return Object.fromEntries(labels);
}

/** The name of a lane that is not the baseline. */
export function decodeLaneOfItsOwn(cursor: Cursor): string | undefined {
  const name = textOf(cursor, LANE_NAME);
  if (name !== BASELINE) return name;
  complain(cursor, `${BASELINE} is the baseline, which every service has; name another lane`);
  return undefined;
}
