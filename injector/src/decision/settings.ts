import { ANNOTATIONS, LABELS } from '@lanekeeper/protocol/labels';
import { isLaneName } from '@lanekeeper/protocol/lane-name';
import { readNacosWish } from '@lanekeeper/protocol/nacos-annotations';
import { appOf } from '@lanekeeper/protocol/workload-names';
import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { choice, matching, type EnvKind } from '@lanekeeper/runtime/env-kinds';
import { ownText } from '../pod/json.ts';
import type { PodView } from '../pod/pod.ts';
import { CIDR_LIST, PORT_LIST } from '../redirect/options.ts';
import { readOverrides } from './overrides.ts';
import { show } from './show.ts';
import { CAPTURES } from './wish.ts';

/** What the pod's own annotations ask of its sidecar. */
export interface PodSettings {
  readonly excludeInboundPorts: readonly number[];
  readonly excludeOutboundPorts: readonly number[];
  readonly excludeOutboundCidrs: readonly string[];
  /** Environment variables of the sidecar. */
  readonly overrides: ReadonlyMap<string, string>;
}

export interface SettingsResult {
  readonly settings: PodSettings;
  /** Empty: the settings can be used. */
  readonly problems: readonly ConfigProblem[];
}

type Source = Pick<PodView, 'labels' | 'annotations'>;

export const LANE = matching('a lane name: a DNS label of at most 63 characters', isLaneName);
/** A label's value is at most 63 characters, and the pod gets the name as a label. */
const APP = matching('a name of letters, digits, "-", "." and "_", at most 63', (text) =>
  /^[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(text),
);

/** Reads every label and annotation of ours; every mistake at once, with key, value and expectation. */
export function readSettings({ labels, annotations }: Source): SettingsResult {
  const problems: ConfigProblem[] = [];
  const read = <T>(from: 'labels' | 'annotations', key: string, as: EnvKind<T>): T | undefined => {
    const text = ownText(from === 'labels' ? labels : annotations, key);
    if (text === undefined || text.trim() === '') return undefined;
    const value = as.parse(text.trim());
    if (value === undefined) {
      problems.push({
        path: `metadata.${from}["${key}"]`,
        message: `expected ${as.expected}, found ${show(text)}`,
      });
    }
    return value;
  };
  read('labels', LABELS.inject, choice('true', 'false'));
  read('annotations', LABELS.inject, choice('true', 'false'));
  read('labels', LABELS.lane, LANE);
  read('labels', LABELS.app, APP);
  read('annotations', ANNOTATIONS.capture, choice(...CAPTURES));
  const settings = {
    excludeInboundPorts: read('annotations', ANNOTATIONS.excludeInboundPorts, PORT_LIST) ?? [],
    excludeOutboundPorts: read('annotations', ANNOTATIONS.excludeOutboundPorts, PORT_LIST) ?? [],
    excludeOutboundCidrs: read('annotations', ANNOTATIONS.excludeOutboundCidrs, CIDR_LIST) ?? [],
  };
  const overrides = readOverrides(ownText(annotations, ANNOTATIONS.config));
  return {
    settings: { ...settings, overrides: overrides.env },
    problems: [...problems, ...registrationProblems({ labels, annotations }), ...overrides.problems],
  };
}

/** The control plane follows these annotations; nobody would look there for why it does not. */
function registrationProblems({ labels, annotations }: Source): readonly ConfigProblem[] {
  const { problems } = readNacosWish({ annotations, app: appOf(labels) });
  return problems.map(({ key, expected, found }) => ({
    path: `metadata.annotations["${key}"]`,
    message: `expected ${expected}, found ${found === undefined ? 'none' : show(found)}`,
  }));
}
