import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { KubeRoute } from '../objects.ts';
import { CONTROLLER_NAME } from '../../../../status/controller-name.ts';
import { GRPC_ROUTES, HTTP_ROUTES } from '../resources.ts';
import type { ParentState } from './attach-routes.ts';
import { draftRules, droppedRules } from './draft-rules.ts';
import { conditionsOf, fails, holds, type Refusal, type Verdict } from './refusal.ts';
import type { WantedStatus } from './wanted-status.ts';

/** Undefined: nothing of it is ours, and nothing was. */
export function routeStatus(
  route: KubeRoute,
  parents: readonly ParentState[],
  unresolved: Refusal | undefined,
): WantedStatus | undefined {
  if (parents.length === 0 && !hasWritten(route)) return undefined;
  const ours = parents.map(({ parent, refusal }) => ({
    parentRef: parent.written,
    controllerName: CONTROLLER_NAME,
    conditions: conditionsOf(route.meta.generation, {
      Accepted: refusal === undefined ? accepted(route) : fails(refusal),
      ResolvedRefs:
        unresolved === undefined
          ? holds('ResolvedRefs', 'all references lead to something')
          : fails(unresolved),
      PartiallyInvalid: refusal === undefined ? partiallyInvalid(route) : undefined,
    }),
  }));
  return {
    resource: route.kind === 'HTTPRoute' ? HTTP_ROUTES : GRPC_ROUTES,
    object: route,
    status: { parents: ours },
  };
}

/** Whether an earlier status of ours stands there. What other controllers have written stays, whatever is wanted. */
function hasWritten({ status }: KubeRoute): boolean {
  const { parents } = fieldsOf(status);
  const all: readonly unknown[] = Array.isArray(parents) ? parents : [];
  return all.some((parent) => fieldsOf(parent)['controllerName'] === CONTROLLER_NAME);
}

function accepted(route: KubeRoute): Verdict {
  const unheeded = draftRules(route).flatMap(({ label, unheeded: names }) =>
    names.map((name) => `${name} of ${label}`),
  );
  if (unheeded.length === 0) return holds('Accepted', 'it is attached');
  return holds('Accepted', `it is attached; not supported and not heeded: ${unheeded.join(', ')}`);
}

function partiallyInvalid(route: KubeRoute): Verdict | undefined {
  const dropped = droppedRules(route);
  return dropped === undefined ? undefined : holds('UnsupportedValue', dropped);
}
