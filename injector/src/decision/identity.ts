import { FOREIGN } from '@lanekeeper/protocol/foreign-names';
import {
  appOf,
  explicitAppNames,
  isHeeded,
  laneNames,
  type NamedValue,
} from '@lanekeeper/protocol/workload-names';
import { ownText } from '../pod/json.ts';
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

/** Reads our names first, then those of MSE and OpenSergo. A foreign lane that is no lane name is set aside, not refused. */
export function readIdentity(pod: PodView): Identity {
  const lanes = laneNames(pod.labels, envOf(pod, FOREIGN.openSergoLane));
  const usable = lanes.filter(isHeeded);
  return {
    lane: usable[0]?.value,
    app: appOf(pod.labels),
    adoptsUntagged: envOf(pod, FOREIGN.traceTag) === 'true',
    notes: [
      ...lanes
        .filter((lane) => !isHeeded(lane))
        .map(({ name, value }) => `${name}=${show(value)} is no lane name and was set aside`),
      ...conflict('lane', usable),
      ...conflict('app', explicitAppNames(pod.labels)),
      ...noteNamespace(pod),
    ],
  };
}

function conflict(what: string, [winner, ...others]: readonly NamedValue[]): readonly string[] {
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
