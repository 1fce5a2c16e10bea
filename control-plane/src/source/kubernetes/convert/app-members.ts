import { appOf, explicitAppNames } from '@lanekeeper/protocol/workload-names';
import type { KubePod, KubeService, KubeServicePort } from '../objects.ts';
import { addressesOf } from './addresses.ts';
import type { AppPart, ClusterView } from './cluster-view.ts';
import { hasNoPorts, portsOfPod } from './endpoint-ports.ts';
import { holdsAddress, podKey, type Member } from './member.ts';

/** What has to be known of a Service to find the members that it does not select. */
export interface Selection {
  readonly service: KubeService;
  readonly ports: readonly KubeServicePort[];
  readonly selected: readonly Member[];
}

/** Labels by which the parts of one application are told apart (a chart gives all of them one app name). */
const PART_LABELS = ['app.kubernetes.io/component', 'component', 'tier', 'role'];

/**
 * The members that a Service has by its application: the pods of lanes, and where it selects only pods of lanes, the baseline.
 * See ADR 10.
 */
export function membersByApp(selection: Selection, view: ClusterView): readonly Member[] {
  const { service, selected } = selection;
  const known = new Set(selected.map(({ id }) => id));
  const lacksBaseline = selected.length > 0 && selected.every(({ standing }) => standing.kind !== 'baseline');
  const joined = new Map<string, Member>();
  const wanted: readonly AppPart[] = lacksBaseline ? ['lanes', 'baseline'] : ['lanes'];
  for (const app of appsOf(selection, view)) {
    const { namespace } = service.meta;
    for (const pod of wanted.flatMap((part) => view.podsOfApp({ namespace, app }, part))) {
      // A Job that bears the application's labels listens to nobody.
      if (known.has(podKey(pod)) || pod.runsToEnd || isOtherPart(pod, service)) continue;
      const member = memberOf(pod, selection, view);
      if (member !== undefined) joined.set(member.id, member);
    }
  }
  return [...joined.values()];
}

/** The Service's own word; else what its baseline pods are called; without any, what else tells. And what has the Service's name. */
function appsOf({ service, selected }: Selection, view: ClusterView): ReadonlySet<string> {
  const [stated] = explicitAppNames(service.meta.labels);
  if (stated !== undefined) return new Set([stated.value]);
  const ofBaseline = appsIn(selected.filter(({ standing }) => standing.kind === 'baseline'));
  const { name } = service.meta;
  if (ofBaseline.size > 0) {
    return isAnotherApp(service, ofBaseline, view) ? ofBaseline : ofBaseline.add(name);
  }
  const selector = appOf(service.selector ?? {});
  return appsIn(selected)
    .add(selector ?? name)
    .add(name);
}

/** Whether what has the Service's name is an application with a baseline of its own, which the Service does not stand for. */
function isAnotherApp({ meta }: KubeService, apps: ReadonlySet<string>, view: ClusterView): boolean {
  if (apps.has(meta.name)) return false;
  return view.podsOfApp({ namespace: meta.namespace, app: meta.name }, 'baseline').length > 0;
}

function appsIn(members: readonly Member[]): Set<string> {
  const apps = members.map(({ pod }) => (pod === undefined ? undefined : appOf(pod.meta.labels)));
  return new Set(apps.filter((app) => app !== undefined));
}

function isOtherPart(pod: KubePod, { selector = {} }: KubeService): boolean {
  return PART_LABELS.some((label) => {
    const [wanted, own] = [selector[label], pod.meta.labels[label]];
    return wanted !== undefined && own !== undefined && wanted !== own;
  });
}

/** Undefined: it has no address (any more), or none of the Service's ports. */
function memberOf(pod: KubePod, selection: Selection, view: ClusterView): Member | undefined {
  const addresses = addressesOf(pod).filter((address) => holdsAddress(pod, address, view));
  const ports = portsOfPod(selection.ports, pod);
  if (addresses.length === 0 || hasNoPorts(ports)) return undefined;
  return {
    id: podKey(pod),
    pod,
    standing: view.standingOf(pod),
    addresses,
    ports,
    ready: pod.isReady || selection.service.publishNotReadyAddresses,
    serving: pod.isReady,
    terminating: pod.isTerminating,
    zone: view.zoneOf(pod.nodeName),
  };
}
