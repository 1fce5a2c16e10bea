import { FOREIGN } from './foreign-names.ts';
import { LABELS } from './labels.ts';
import { BASELINE, isLaneName } from './lane-name.ts';

type Texts = Readonly<Record<string, string>>;

/** What one convention says, and where. */
export interface NamedValue {
  readonly name: string;
  readonly value: string;
}

/** Not a disagreement with the names above: what a manifest without any of them has. */
const DEFAULT_APP_LABELS = ['app', 'app.kubernetes.io/name'];

/** All that says which lane a workload is of, ours first. `fromEnv`: OpenSergo's variable of its containers. */
export function laneNames(labels: Texts, fromEnv?: string): readonly NamedValue[] {
  return present([
    [LABELS.lane, labels[LABELS.lane]],
    [FOREIGN.lane, labels[FOREIGN.lane]],
    [FOREIGN.openSergoLane, labels[FOREIGN.openSergoLane]],
    [`env ${FOREIGN.openSergoLane}`, fromEnv],
  ]);
}

/** Whether it is heeded: a foreign value that is no lane name is set aside; ours is refused at admission. */
export function isHeeded({ name, value }: NamedValue): boolean {
  return name === LABELS.lane || isLaneName(value);
}

/** All that names the app beside the labels that every manifest has, ours first. */
export function explicitAppNames(labels: Texts): readonly NamedValue[] {
  return present([LABELS.app, FOREIGN.app].map((name) => [name, labels[name]]));
}

/** The app that a workload belongs to; undefined: nothing names it. */
export function appOf(labels: Texts): string | undefined {
  const defaults = present(DEFAULT_APP_LABELS.map((name) => [name, labels[name]]));
  return [...explicitAppNames(labels), ...defaults][0]?.value;
}

/** Where a workload stands. `misnamed`: what names its lane is no lane name, so it is neither of the baseline nor of a lane. */
export type Standing =
  | { readonly kind: 'baseline' }
  | { readonly kind: 'lane'; readonly lane: string }
  | { readonly kind: 'misnamed'; readonly by: NamedValue };

const OF_BASELINE: Standing = { kind: 'baseline' };

export function standingOf(labels: Texts, fromEnv?: string): Standing {
  const names = laneNames(labels, fromEnv);
  const by = names.find(isHeeded) ?? names[0];
  if (by === undefined || by.value === BASELINE) return OF_BASELINE;
  return isLaneName(by.value) ? { kind: 'lane', lane: by.value } : { kind: 'misnamed', by };
}

function present(names: readonly (readonly [string, string | undefined])[]): readonly NamedValue[] {
  return names.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));
}
