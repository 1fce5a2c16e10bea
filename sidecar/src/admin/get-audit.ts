import type { Audit } from '../exchange/audit.ts';
import { json, type Endpoint } from './endpoint.ts';

/** `GET /audit`: how well the tag travels, per peer, since the start of this process. */
export function getAudit({ audit }: { readonly audit: Pick<Audit, 'rows'> }): Endpoint {
  return () => json({ peers: audit.rows() });
}
