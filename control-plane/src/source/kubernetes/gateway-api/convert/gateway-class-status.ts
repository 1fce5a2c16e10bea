import type { KubeGatewayClass } from '../objects.ts';
import { GATEWAY_CLASSES } from '../resources.ts';
import type { GatewayApiView } from './gateway-api-view.ts';
import { isOurs, policyByRef, unusable } from './gateway-states.ts';
import { conditionsOf, fails, holds, type Verdict } from './refusal.ts';
import { SUPPORTED_FEATURES } from './supported-features.ts';
import type { WantedStatus } from './wanted-status.ts';

export function gatewayClassStatuses(view: GatewayApiView): readonly WantedStatus[] {
  return [...view.gatewayClasses.values()].filter(isOurs).map((object) => ({
    resource: GATEWAY_CLASSES,
    object,
    status: {
      conditions: conditionsOf(object.meta.generation, {
        Accepted: accepted(object, view),
        SupportedVersion: supportedVersion(view.bundleVersion),
      }),
      supportedFeatures: SUPPORTED_FEATURES.map((name) => ({ name })),
    },
  }));
}

function accepted({ parametersRef }: KubeGatewayClass, view: GatewayApiView): Verdict {
  if (parametersRef !== undefined && policyByRef(parametersRef, view) === undefined)
    return fails({ reason: 'InvalidParameters', message: `spec.parametersRef ${unusable(parametersRef)}` });
  return holds('Accepted', 'Gateways of this class are served by the pods of lanekeeper-gateway');
}

/** Whatever is of version 1 has all the fields that we read. */
function supportedVersion(version: string | undefined): Verdict | undefined {
  if (version === undefined) return undefined;
  if (version.startsWith('v1.')) return holds('SupportedVersion', `the CRDs are of release ${version}`);
  const message = `the CRDs are of release ${version}; releases v1.x are supported`;
  return fails({ reason: 'UnsupportedVersion', message });
}
