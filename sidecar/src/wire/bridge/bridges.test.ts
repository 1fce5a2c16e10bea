import { describe } from 'vitest';
import { bridgePromises, routePromises } from '../testing/edge/edge-promises.ts';
import { ALL_VERSIONS } from '../testing/edge/start-edge.ts';

describe.each(ALL_VERSIONS)('from $client to $upstream', (versions) => {
  bridgePromises(versions);
  describe("a gateway's route", () => routePromises(versions));
});
