import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { listAt, numberAt, recordAt, textAt } from '@lanekeeper/lint/read/json';
import { fail, listed, skip, warn, type Verdict } from '../check-result.ts';
import { valueOf, type Facts } from '../facts.ts';
import type { Check } from './check.ts';

const HELM = 'helm upgrade --install lanekeeper helm/lanekeeper --namespace lanekeeper-system';
const OLDEST_MINOR = 28;
const OUR_CRDS = ['lanegroups.lanekeeper.io', 'lanes.lanekeeper.io', 'gatewayconfigs.lanekeeper.io'];
const VERSION_SERVED = 'v1alpha1';

export const API_CHECKS: readonly Check[] = [
  {
    ...{ category: 'api', id: 'api-version', needs: ['version'] },
    description: `Kubernetes is 1.${OLDEST_MINOR} or newer`,
    look(facts) {
      const version = valueOf(facts.version);
      if (version === undefined || version.major > 1 || version.minor >= OLDEST_MINOR) return undefined;
      return fail(`it is ${version.gitVersion}`, 'the webhook needs matchConditions; upgrade the cluster');
    },
  },
];

export const CRD_CHECKS: readonly Check[] = [
  {
    ...{ category: 'crds', id: 'crds-installed', needs: ['crds'] },
    description: 'LaneGroup, Lane and GatewayConfig are known to the cluster',
    look(facts) {
      const established = (valueOf(facts.crds) ?? [])
        .filter(isEstablished)
        .map(({ metadata }) => metadata.name);
      const missing = OUR_CRDS.filter((name) => !established.includes(name));
      if (missing.length === 0) return undefined;
      return fail(`${listed(missing)} is not there, or not established`, `${HELM} --set crds.enabled=true`);
    },
  },
  {
    ...{ category: 'crds', id: 'crds-version', needs: ['crds'] },
    description: `they are served as ${VERSION_SERVED}`,
    look(facts) {
      const ours = (valueOf(facts.crds) ?? []).filter(({ metadata }) => OUR_CRDS.includes(metadata.name));
      if (ours.length === 0) return skip('none of them is there');
      const others = ours.filter((crd) => !servedVersions(crd).includes(VERSION_SERVED));
      if (others.length === 0) return undefined;
      const names = others.map((crd) => `${crd.metadata.name} (${servedVersions(crd).join(', ')})`);
      return fail(`not so: ${listed(names)}`, `${HELM}, of the version of this lanectl`);
    },
  },
];

function isEstablished(crd: KubeObject): boolean {
  const conditions = listAt(recordAt(crd, 'status'), 'conditions').map((condition) => recordAt(condition));
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
}

function servedVersions(crd: KubeObject): readonly string[] {
  const versions = listAt(recordAt(crd, 'spec'), 'versions').map((version) => recordAt(version));
  return versions.filter(({ served }) => served === true).map((version) => textAt(version, 'name') ?? '');
}

export const DEPLOYMENT_CHECKS: readonly Check[] = [
  deploymentCheck('control-plane', 'sidecars learn no news and pods that start wait for it'),
  deploymentCheck('injector', 'new pods get no sidecar, and wrong objects are not refused'),
  {
    ...deploymentCheck('gateway', 'nobody serves the edge'),
    description: 'the gateway has all its replicas, where there is one',
    look: (facts) =>
      componentOf(facts, 'gateway') === undefined ? skip('there is none') : replicasOf(facts, 'gateway'),
  },
];

function deploymentCheck(component: string, otherwise: string): Check {
  return {
    ...{ category: 'control-plane', id: `${component}-ready`, needs: ['deployments'] },
    description: `the ${component} has all its replicas; without it ${otherwise}`,
    look: (facts) => replicasOf(facts, component),
  };
}

function replicasOf(facts: Facts, component: string): Verdict {
  const deployment = componentOf(facts, component);
  if (deployment === undefined) return fail(`there is no Deployment lanekeeper-${component}`, HELM);
  const wanted = numberAt(recordAt(deployment, 'spec'), 'replicas') ?? 1;
  const ready = numberAt(recordAt(deployment, 'status'), 'readyReplicas') ?? 0;
  if (ready >= wanted) return undefined;
  const { namespace, name } = deployment.metadata;
  const hint = `kubectl -n ${namespace ?? ''} describe deployment ${name}; kubectl -n ${namespace ?? ''} logs deployment/${name}`;
  return (ready === 0 ? fail : warn)(`${ready} of ${wanted} are ready`, hint);
}

export function componentOf(facts: Facts, component: string): KubeObject | undefined {
  const all = valueOf(facts.deployments) ?? [];
  return all.find(({ metadata }) => fieldsOf(metadata.labels)['app.kubernetes.io/component'] === component);
}
