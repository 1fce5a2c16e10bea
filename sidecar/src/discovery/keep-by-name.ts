import { isIP } from 'node:net';
import { MAX_KEY_LENGTH, type InterestKey } from '@lanekeeper/protocol/discovery';
import type { ServiceConfig, ServiceRef } from '@lanekeeper/protocol/model';
import type { Interest } from './interest-book.ts';
import type { Interests } from './interests.ts';

/**
 * A client that balances by itself knows addresses only. The services of the addresses that it uses are kept by name too: else the
 * last of its addresses to go would take the service away, and what the client still sends there would leave its lane.
 */
export function keepByName(services: readonly ServiceConfig[], interests: Interests): void {
  const ownersOf = new Map<Interest, Interest[]>();
  for (const service of services) {
    for (const { address, aliases = [] } of service.endpoints) {
      own(address, service, ownersOf, interests);
      for (const alias of aliases) own(alias, service, ownersOf, interests);
    }
  }
  for (const [interest, owners] of ownersOf) interest.owners = owners;
}

function own(
  address: string,
  service: ServiceRef,
  ownersOf: Map<Interest, Interest[]>,
  interests: Interests,
): void {
  const interest = interests.book.get(isIP(address) === 0 ? `host:${address}` : `ip:${address}`);
  const owner = interest === undefined ? undefined : interestIn(service, interests);
  if (interest === undefined || owner === undefined || owner === interest) return;
  const owners = ownersOf.get(interest);
  if (owners === undefined) ownersOf.set(interest, [owner]);
  else if (!owners.includes(owner)) owners.push(owner);
}

function interestIn({ name, namespace }: ServiceRef, interests: Interests): Interest | undefined {
  const key: InterestKey = `host:${`${name}.${namespace}`.toLowerCase()}`;
  const known = interests.book.get(key);
  if (known !== undefined || key.length > MAX_KEY_LENGTH) return known;
  const interest = interests.book.take(key);
  interest.isInMesh = true;
  // Nobody waits for it: what it would bring is here.
  void interests.settle(interest);
  interest.isSettled = true;
  return interest;
}
