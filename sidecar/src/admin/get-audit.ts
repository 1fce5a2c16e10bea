import type { Audit } from '../exchange/audit.ts';
import type { Snapshot } from '../route/snapshot.ts';
import { json, type Endpoint } from './endpoint.ts';

export interface AuditDeps {
  readonly audit: Pick<Audit, 'rows'>;
  readonly snapshot: () => Snapshot;
}

/** `GET /audit`: how well the tag travels, per peer, since the start of this process; the peer's group is that of now. */
export function getAudit({ audit, snapshot }: AuditDeps): Endpoint {
  return () => {
    const { services } = snapshot();
    const groupOf = (peer: string): string | null => {
      const group = services.get(peer)?.policy.group ?? '';
      return group === '' ? null : group;
    };
    return json({ peers: audit.rows().map((row) => ({ ...row, group: groupOf(row.peer) })) });
  };
}
