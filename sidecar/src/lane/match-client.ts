import type { MatchRule, StickyKey } from '@lanekeeper/protocol/model';
import { compileAddressTest } from '@lanekeeper/runtime/networks';
import type { Condition } from './condition.ts';
import type { RequestView } from './request-view.ts';
import { shareTest, type KeyHash } from './share.ts';

/** Any of the networks; a client whose address is not known is in none. */
export function sourceCondition(networks: readonly string[]): Condition | undefined {
  if (networks.length === 0) return undefined;
  const isIn = compileAddressTest(networks);
  return ({ clientIp }) => clientIp !== undefined && isIn(clientIp);
}

/**
 * A share of all clients, told apart by the rule's key. Where the request has none, by the cookie that a gateway sets for that; at
 * other places such a request is not among them. An empty value tells nobody apart: it counts as none.
 */
export function shareCondition({ percent, key }: MatchRule, hash: KeyHash): Condition | undefined {
  if (percent === undefined) return undefined;
  const isInShare = shareTest(percent, hash);
  return (view) => {
    const named = key === undefined ? undefined : readKey(view, key);
    const value = named === undefined || named === '' ? view.clientKey() : named;
    return value !== undefined && isInShare(value);
  };
}

function readKey(view: RequestView, key: StickyKey): string | undefined {
  if ('header' in key) return view.header(key.header.toLowerCase());
  if ('cookie' in key) return view.cookie(key.cookie);
  return 'query' in key ? view.parameter(key.query) : view.origin.clientAddress;
}
