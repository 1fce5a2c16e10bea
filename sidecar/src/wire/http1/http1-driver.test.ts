import { describe } from 'vitest';
import { askingFirst } from '../testing/asking-first.ts';
import { fastDriver } from '../testing/create-http-driver.ts';
import { badRequestsPromises } from '../testing/http1/bad-requests.ts';
import { badResponsesPromises } from '../testing/http1/bad-responses.ts';
import { bodiesPromises } from '../testing/http1/bodies.ts';
import { drainPromises } from '../testing/http1/drain.ts';
import { forwardingPromises } from '../testing/http1/forwarding.ts';
import { misbehaviourPromises } from '../testing/http1/misbehaviour.ts';
import { retryingPromises } from '../testing/http1/retrying.ts';
import { timeoutsPromises } from '../testing/http1/timeouts.ts';
import { upgradePromises } from '../testing/http1/upgrade.ts';

describe('the fast driver', () => {
  describe('forwards', () => forwardingPromises(fastDriver));
  describe('tries again', () => retryingPromises(fastDriver));
  describe('carries bodies', () => bodiesPromises(fastDriver));
  describe('refuses bad requests', () => badRequestsPromises(fastDriver));
  describe('refuses bad responses', () => badResponsesPromises(fastDriver));
  describe('waits', () => timeoutsPromises(fastDriver));
  describe('upgrades', () => upgradePromises(fastDriver));
  describe('drains', () => drainPromises(fastDriver));
  describe('survives', () => misbehaviourPromises(fastDriver));
});

describe('the fast driver, asking for each destination first', () => {
  const driver = askingFirst(fastDriver);
  describe('forwards', () => forwardingPromises(driver));
  describe('tries again', () => retryingPromises(driver));
  describe('carries bodies', () => bodiesPromises(driver));
  describe('refuses bad requests', () => badRequestsPromises(driver));
});
