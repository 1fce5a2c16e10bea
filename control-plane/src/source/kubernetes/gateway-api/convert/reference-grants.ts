import type { KubeReferenceGrant, ObjectReference } from '../objects.ts';
import { GATEWAY_API_GROUP } from '../resources.ts';

/** A reference and who makes it. */
export interface CrossReference {
  readonly from: { readonly kind: string; readonly namespace: string };
  /** With its namespace. */
  readonly to: ObjectReference & { readonly namespace: string };
}

export type IsGranted = (reference: CrossReference) => boolean;

/** Whether a reference may be: within a namespace always, into another one where that says so. */
export function grantsOf(grants: Iterable<KubeReferenceGrant>): IsGranted {
  const byNamespace = Map.groupBy(grants, ({ meta }) => meta.namespace);
  return ({ from, to }) =>
    from.namespace === to.namespace ||
    (byNamespace.get(to.namespace) ?? []).some((grant) => isGrantOf(grant, { from, to }));
}

function isGrantOf(grant: KubeReferenceGrant, { from, to }: CrossReference): boolean {
  const isFrom = grant.from.some(
    ({ group, kind, namespace }) =>
      group === GATEWAY_API_GROUP && kind === from.kind && namespace === from.namespace,
  );
  return (
    isFrom &&
    grant.to.some(
      ({ group, kind, name }) =>
        group === to.group && kind === to.kind && (name === undefined || name === '' || name === to.name),
    )
  );
}
