import { listAt, recordAt, textAt } from '@lanekeeper/lint/read/json';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { fail, listed, skip, warn, type Verdict } from '../check-result.ts';
import { valueOf, type Facts } from '../facts.ts';
import { writtenStatus, type WrittenStatus } from '../mesh-status.ts';
import { compareVersions, isServed } from '../versions.ts';
import type { Check } from './check.ts';
import { componentOf } from './installation.ts';
import { VERSION } from '../../version.ts';

export const STATUS_CHECKS: readonly Check[] = [
  {
    ...{ category: 'control-plane', id: 'control-plane-status', needs: ['status'] },
    description: 'its replicas know of no problem (ConfigMap lanekeeper-status)',
    look: withStatus(({ replicas }) => {
      const told = replicas.flatMap(({ pod, problems }) => problems.map((problem) => `${pod}: ${problem}`));
      if (told.length === 0) return undefined;
      return fail(listed(told, 3), 'what is served may be old: docs/control-plane.md');
    }),
  },
  {
    ...{ category: 'control-plane', id: 'objects-usable', needs: ['status'] },
    description: 'all objects that it reads can be used',
    look: withStatus(({ objects }) =>
      objects.length === 0 ? undefined : warn(listed(objects, 3), 'they are left out; correct them'),
    ),
  },
];

export const VERSION_CHECKS: readonly Check[] = [
  {
    ...{ category: 'versions', id: 'LK0119', needs: ['status', 'deployments'] },
    description: 'sidecars are of the control plane’s version, or at most two minor versions older',
    look: withStatus(({ versions }, facts) => {
      const own = versionOf(facts);
      if (own === undefined) return skip('the control plane’s Deployment says no version');
      const counted = Object.entries(versions).map(([version, count]) => ({ version, count }));
      const wrong = counted.filter(({ version }) => !isServed(version, own));
      const say = (list: typeof counted): string =>
        listed(list.map(({ version, count }) => `${count} of ${version}`));
      const restart = 'kubectl rollout restart their workloads: new pods get the new sidecar';
      if (wrong.length > 0) return fail(`the control plane is ${own}, sidecars are: ${say(wrong)}`, restart);
      const older = counted.filter(({ version }) => version !== own);
      return older.length === 0
        ? undefined
        : warn(`the control plane is ${own}, sidecars are: ${say(older)}`, restart);
    }),
  },
  {
    ...{ category: 'versions', id: 'lanectl-version', needs: ['deployments'] },
    description: `this lanectl (${VERSION}) is of the control plane’s version`,
    look(facts) {
      const own = versionOf(facts);
      if (own === undefined) return skip('the control plane’s Deployment says no version');
      if (own === VERSION) return undefined;
      const which = compareVersions(VERSION, own) < 0 ? 'older' : 'newer';
      return warn(`the control plane is ${own}; this one is ${which}`, `take the lanectl of ${own}`);
    },
  },
];

function versionOf(facts: Facts): string | undefined {
  const deployment = componentOf(facts, 'control-plane');
  return textAt(recordAt(deployment, 'metadata', 'labels'), 'app.kubernetes.io/version');
}

export const SYNC_CHECKS: readonly Check[] = [
  {
    ...{ category: 'sync', id: 'LK0118', needs: ['status'] },
    description: 'all sidecars have acknowledged what the control plane has told them',
    look: withStatus(({ behind, sidecars, inStep }, { now }) => {
      if (behind.length === 0) return undefined;
      const late = behind.map(({ pod, sinceMs }) => `${pod} for ${Math.round((now - sinceMs) / 1000)} s`);
      const hint = `kubectl logs POD -c lanekeeper-sidecar; lanectl hops POD shows the generation that decides`;
      return warn(`${inStep} of ${sidecars} are in step; behind are ${listed(late)}`, hint);
    }),
  },
  {
    ...{ category: 'sync', id: 'updates-accepted', needs: ['status'] },
    description: 'no sidecar has refused an update',
    look: withStatus(({ rejected }) => {
      if (rejected.length === 0) return undefined;
      const told = rejected.map(({ pod, problems }) => `${pod}: ${listed(problems, 1)}`);
      return fail(
        listed(told, 3),
        'they keep their last good state; this is a mistake in Lanekeeper, or a skew',
      );
    }),
  },
  {
    ...{ category: 'sync', id: 'lanes-acknowledged', needs: ['lanes'] },
    description: 'every lane’s generation runs at all sidecars of its group',
    look(facts) {
      const waiting = (valueOf(facts.lanes) ?? []).flatMap(waitingLane);
      if (waiting.length === 0) return undefined;
      return warn(
        listed(waiting, 3),
        'doctor’s sync says which sidecars are behind; lanectl lanes shows the rest',
      );
    },
  },
];

function waitingLane(lane: KubeObject): readonly string[] {
  const { namespace, name } = lane.metadata;
  const status = recordAt(lane, 'status');
  const ready = listAt(status, 'conditions')
    .map((condition) => recordAt(condition))
    .find(({ type }) => type === 'Ready');
  const reason = textAt(ready ?? {}, 'reason') ?? '';
  if (!['WaitingForSidecars', 'NotAcknowledgedByAll'].includes(reason)) return [];
  const acknowledged = textAt(status, 'acknowledged') ?? '?';
  return [`${namespace ?? ''}/${name} ${acknowledged}: ${textAt(ready ?? {}, 'message') ?? reason}`];
}

/** The verdict on what the control plane has written; skipped where that is nothing. */
export function withStatus(look: (status: WrittenStatus, facts: Facts) => Verdict): Check['look'] {
  return (facts) => {
    const status = writtenStatus(facts);
    if (status !== undefined) return look(status, facts);
    return skip(
      'the ConfigMap lanekeeper-status says nothing yet',
      'it is written some 10 s after the control plane has started',
    );
  };
}

export const DNS_CHECKS: readonly Check[] = [
  {
    ...{ category: 'dns', id: 'dns-service', needs: ['dns'] },
    description: 'there is a DNS Service (k8s-app=kube-dns), by which workloads find theirs',
    look: (facts) =>
      (valueOf(facts.dns) ?? []).length > 0
        ? undefined
        : warn('none is in kube-system', 'where DNS is served otherwise, all is well'),
  },
];
