import { LABELS } from '@lanekeeper/protocol/labels';
import { isLaneName } from '@lanekeeper/protocol/lane-name';
import { ownText } from '../pod/json.ts';
import { FOREIGN } from '../pod/names.ts';
import { envOf, type PodView } from '../pod/pod.ts';
import { show } from './show.ts';

/** Who the workload is, whichever convention says so. */
export interface Identity {
  /** Undefined: the baseline. */
  readonly lane: string | undefined;
  /** Undefined: nothing names it. */
  readonly app: string | undefined;
  /** Untagged requests take the pod's lane: lane traffic enters here. */
  readonly adoptsUntagged: boolean;
  /** What was decided between two names, or set aside; for the status annotation. */
  readonly notes: readonly string[];
}

/** Not a disagreement with the names above: what a manifest without any of them has. */
const DEFAULT_APP_LABELS = ['app', 'app.kubernetes.io/name'];

interface Candidate {
  readonly name: string;
  readonly value: string;
}

/** Reads our names first, then those of MSE and OpenSergo. A foreign lane that is no lane name is set aside, not refused. */
export function readIdentity(pod: PodView): Identity {
  const lanes = present([
    [LABELS.lane, ownText(pod.labels, LABELS.lane)],
    [FOREIGN.lane, ownText(pod.labels, FOREIGN.lane)],
    [FOREIGN.openSergoLane, ownText(pod.labels, FOREIGN.openSergoLane)],
    [`env ${FOREIGN.openSergoLane}`, envOf(pod, FOREIGN.openSergoLane)],
  ]);
  const apps = present([
    [LABELS.app, ownText(pod.labels, LABELS.app)],
    [FOREIGN.app, ownText(pod.labels, FOREIGN.app)],
  ]);
  const defaults = present(DEFAULT_APP_LABELS.map((name) => [name, ownText(pod.labels, name)]));
  const usable = lanes.filter(({ name, value }) => name === LABELS.lane || isLaneName(value));
  return {
    lane: usable[0]?.value,
    app: [...apps, ...defaults][0]?.value,
    adoptsUntagged: envOf(pod, FOREIGN.traceTag) === 'true',
    notes: [
      ...lanes
        .filter((lane) => !usable.includes(lane))
        .map(({ name, value }) => `${name}=${show(value)} is no lane name and was set aside`),
      ...conflict('lane', usable),
      ...conflict('app', apps),
      ...noteNamespace(pod),
    ],
  };
}

function present(names: readonly (readonly [string, string | undefined])[]): readonly Candidate[] {
  return names.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]));
}

function conflict(what: string, [winner, ...others]: readonly Candidate[]): readonly string[] {
  if (winner === undefined) return [];
  const losers = others.filter(({ value }) => value !== winner.value);
  return losers.map(
    ({ name, value }) => `${what}: ${winner.name}=${winner.value} was taken, not ${name}=${show(value)}`,
  );
}

function noteNamespace(pod: PodView): readonly string[] {
  const given = ownText(pod.labels, FOREIGN.namespace);
  return given === undefined
    ? []
    : [`${FOREIGN.namespace}=${given} has no effect: services are told apart by their Kubernetes namespace`];
}
