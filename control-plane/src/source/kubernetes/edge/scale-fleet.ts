import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import { isNotFound } from '@lanekeeper/kubernetes/api-error';
import { fieldsOf, type KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, type Named } from '@lanekeeper/kubernetes/resources';
import type { Verdict } from '../lanes/conditions.ts';

export interface ReplicaBounds {
  readonly min: number;
  readonly max: number;
}

export type FleetClient = Pick<ApiClient, 'get' | 'patch'>;

/** What the chart calls the Deployment of gateways, and its autoscaler. */
const FLEET = 'lanekeeper-gateway';

/** Brings the fleet within its bounds: by the chart's autoscaler where there is one, else by itself. Says what came of it. */
export async function scaleFleet(
  client: FleetClient,
  namespace: string,
  bounds: ReplicaBounds,
): Promise<Verdict> {
  const autoscaler: Named = { resource: HORIZONTAL_POD_AUTOSCALERS, namespace, name: FLEET };
  const found = await getIfThere(client, autoscaler);
  if (found !== undefined) return boundAutoscaler(client, autoscaler, { found, bounds });
  return scaleDeployment(client, namespace, bounds);
}

async function boundAutoscaler(
  client: FleetClient,
  autoscaler: Named,
  { found, bounds: { min, max } }: { readonly found: KubeObject; readonly bounds: ReplicaBounds },
): Promise<Verdict> {
  const { minReplicas, maxReplicas } = fieldsOf(found['spec']);
  if (minReplicas !== min || maxReplicas !== max) {
    const body = { spec: { minReplicas: min, maxReplicas: max } };
    await client.patch(autoscaler, { type: 'merge', body });
  }
  const message = `the HorizontalPodAutoscaler ${FLEET} decides, from ${min} to ${max}`;
  return { status: 'True', reason: 'Autoscaled', message };
}

/** Within the bounds somebody else may have scaled it: an autoscaler of another name, or a person. */
async function scaleDeployment(
  client: FleetClient,
  namespace: string,
  { min, max }: ReplicaBounds,
): Promise<Verdict> {
  const scale: Named = { resource: DEPLOYMENTS, namespace, name: FLEET, subresource: 'scale' };
  const found = await getIfThere(client, scale);
  if (found === undefined) {
    const message = `there is no Deployment ${FLEET} in the namespace ${namespace}`;
    return { status: 'False', reason: 'DeploymentNotFound', message };
  }
  const { replicas } = fieldsOf(found['spec']);
  const wanted = Math.min(max, Math.max(min, typeof replicas === 'number' ? replicas : 0));
  if (replicas !== wanted) await client.patch(scale, { type: 'merge', body: { spec: { replicas: wanted } } });
  if (min === max) return { status: 'True', reason: 'Scaled', message: `there are to be ${min}` };
  const message = `there is no HorizontalPodAutoscaler ${FLEET} that would decide between ${min} and ${max} (gateway.autoscaling.enabled of the chart); the Deployment is kept within them`;
  return { status: 'False', reason: 'NoAutoscaler', message };
}

async function getIfThere(client: FleetClient, place: Named): Promise<KubeObject | undefined> {
  try {
    return await client.get(place);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
