import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { forwardingPromises } from '../testing/http1/forwarding.ts';

describe('the slow driver forwards', () => forwardingPromises(slowDriver));
